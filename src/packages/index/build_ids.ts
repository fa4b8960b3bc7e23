/** The table `build_id`: which packages hold a build-id, and as what. */
import { Buffer } from 'node:buffer'
import { and, desc, eq, isNotNull, sql } from 'drizzle-orm'
import { buildId as buildIds, packages, release } from '../../../schema/tables.ts'
import type { Database } from '../../database/database.ts'
import { fixedLimit, prepared } from '../../database/prepared.ts'
import { type KnownPackage, PACKAGE_COLUMNS } from './packages.ts'

/** The role in which a package holds a build-id. */
export type BuildIdRole = 'code' | 'debug' | 'dwz'

/** One build-id can be in many versions: this many of the best are enough to choose from. */
const MOST_HOLDERS = 50

const holders = prepared((database) =>
  database.select(PACKAGE_COLUMNS).from(buildIds)
    .innerJoin(packages, eq(packages.id, buildIds.packageId))
    .innerJoin(release, eq(release.id, packages.releaseId))
    .where(and(eq(buildIds.buildId, sql.placeholder('buildId')), eq(buildIds.role, sql.placeholder('role'))))
    .orderBy(
      sql`${packages.releaseId} is not ${sql.placeholder('releaseId')}`,
      isNotNull(packages.gone),
      desc(packages.id),
    ).limit(fixedLimit(MOST_HOLDERS)).prepare()
)

const releases = prepared((database) =>
  database.selectDistinct({ id: packages.releaseId }).from(buildIds)
    .innerJoin(packages, eq(packages.id, buildIds.packageId))
    .where(eq(buildIds.buildId, sql.placeholder('buildId'))).prepare()
)

const ofPackage = prepared((database) =>
  database.select({ role: buildIds.role }).from(buildIds)
    .where(eq(buildIds.packageId, sql.placeholder('packageId'))).limit(fixedLimit(1)).prepare()
)

const add = prepared((database) =>
  database.insert(buildIds).values({
    buildId: sql.placeholder('buildId'),
    role: sql.placeholder('role'),
    packageId: sql.placeholder('packageId'),
  }).onConflictDoNothing().prepare()
)

/** Packages that hold a build-id in a role, kept or not: those of a release, those upstream, the newest first. */
export function packagesWith(
  database: Database,
  buildId: string,
  { role, releaseId }: { role: BuildIdRole; releaseId: number | undefined },
): KnownPackage[] {
  return holders(database).all({ buildId: Buffer.from(buildId, 'hex'), role, releaseId: releaseId ?? null })
}

/** Ids of the releases in which a build-id is known. */
export function releasesWith(database: Database, buildId: string): number[] {
  return releases(database).all({ buildId: Buffer.from(buildId, 'hex') }).map(({ id }) => id)
}

/** Whether any build-id of the package is known. */
export function hasBuildIds(database: Database, packageId: number): boolean {
  return ofPackage(database).get({ packageId }) !== undefined
}

/** Notes that a kept file of the package has it; does nothing when that is known. */
export function noteBuildId(
  database: Database,
  { buildId, role, packageId }: { buildId: Buffer; role: string; packageId: number },
): void {
  add(database).run({ buildId, role, packageId })
}
