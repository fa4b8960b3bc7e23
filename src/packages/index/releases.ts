/** The table `release`: which releases are indexed here, by id with architecture, e.g. `debian-12-amd64`. */
import { and, asc, eq, exists, isNotNull, sql } from 'drizzle-orm'
import { QueryBuilder } from 'drizzle-orm/sqlite-core'
import { release, repository } from '../../../schema/tables.ts'
import type { Database } from '../../database/database.ts'
import { fixedLimit } from '../../database/prepared.ts'

export interface KnownRelease {
  id: number
  name: string
  /** `deb` or `rpm`; null until a repository feeds it. */
  format: string | null
}

/** The format of the release in a query: all repositories that feed it have the same one. */
export const formatOfRelease = new QueryBuilder().select({ format: repository.format }).from(repository)
  .where(eq(repository.releaseId, release.id)).limit(fixedLimit(1))

/** The row's id of a release id with architecture; the row is made when it is new. */
export function releaseRow(database: Database, name: string): number {
  database.insert(release).values({ name }).onConflictDoNothing().run()
  const row = database.select({ id: release.id }).from(release).where(eq(release.name, name)).get()
  if (row === undefined) throw new Error('A release that was just noted is not in the database')
  return row.id
}

/** All of them, in the order of their names. */
export function allReleases(database: Database): KnownRelease[] {
  const { id, name } = release
  return database.select({ id, name, format: sql<string | null>`${formatOfRelease}` }).from(release).orderBy(asc(name))
    .all()
}

/** Names of those that were synced at least once, in their order. */
export function supportedReleases(database: Database): string[] {
  const synced = database.select({ id: repository.id }).from(repository)
    .where(and(eq(repository.releaseId, release.id), isNotNull(repository.synced)))
  return database.select({ name: release.name }).from(release).where(exists(synced)).orderBy(asc(release.name)).all()
    .map(({ name }) => name)
}
