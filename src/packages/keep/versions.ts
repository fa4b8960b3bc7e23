/**
 * Queries on superseded versions, over the tables `package` and `repository`. Nothing else writes `package.superseded`.
 */
import { and, asc, count, eq, gt, inArray, isNotNull, lte, ne, notExists, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/sqlite-core'
import { packageLocation, packages, release, repository } from '../../../schema/tables.ts'
import type { Database } from '../../database/database.ts'
import { prepared } from '../../database/prepared.ts'
import { KEPT_COLUMNS, type KeptPackage, withFolder } from './kept_packages.ts'

/** A version of a package that is known in several. */
export interface VersionRow {
  id: number
  name: string
  version: string
  architecture: string
  gone: number | null
  superseded: number | null
  format: string
}

const note = prepared((database) =>
  database.update(packages).set({ superseded: sql`${sql.placeholder('superseded')}` })
    .where(eq(packages.id, sql.placeholder('id'))).prepare()
)

/** The versions of all packages that are known in several, in a release. */
export function versionsBeside(database: Database, releaseId: number): VersionRow[] {
  const { id, name, version, architecture, gone, superseded } = packages
  const other = alias(packages, 'other')
  const several = database.select({ name: other.name }).from(other).where(eq(other.releaseId, releaseId))
    .groupBy(other.name).having(gt(count(), 1))
  return database.select({ id, name, version, architecture, gone, superseded, format: repository.format })
    .from(packages).innerJoin(repository, eq(repository.id, packages.repositoryId))
    .where(and(eq(packages.releaseId, releaseId), inArray(name, several))).all()
}

/** Writes all changes to `superseded` in one transaction. */
export function noteSince(database: Database, changes: Pick<VersionRow, 'id' | 'superseded'>[]): void {
  database.transaction(() => {
    for (const change of changes) note(database).run(change)
  }, { behavior: 'immediate' })
}

/** Kept packages beside which a newer version has stood since `since`, and which no repository that has them keeps. */
export function supersededSince(database: Database, since: number): KeptPackage[] {
  const oneWeek = database.select({ id: repository.id }).from(repository).where(eq(repository.superseded, 'one-week'))
  const keepers = database.select({ path: packageLocation.path }).from(packageLocation)
    .innerJoin(repository, eq(repository.id, packageLocation.repositoryId))
    .where(and(eq(packageLocation.packageId, packages.id), ne(repository.superseded, 'one-week')))
  return withFolder(
    database.select(KEPT_COLUMNS).from(packages).innerJoin(release, eq(release.id, packages.releaseId)).where(and(
      isNotNull(packages.kept),
      lte(packages.superseded, since),
      // Last seen in a repository with `one-week`, and now in none with `keep`.
      inArray(packages.repositoryId, oneWeek),
      notExists(keepers),
    )).orderBy(asc(packages.id)).all(),
  )
}
