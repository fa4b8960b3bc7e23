/**
 * The table `package`, as the index knows it: by name and version, by the source that made it. The columns about kept
 * files and superseded versions belong to `src/packages/keep`.
 */
import { and, asc, eq, isNotNull, max, sql } from 'drizzle-orm'
import { packages, release } from '../../../schema/tables.ts'
import type { Database } from '../../database/database.ts'
import { fixedLimit, prepared } from '../../database/prepared.ts'
import { formatOfRelease } from './releases.ts'

/** A package that is known; its files are here when `folder` is set. */
export interface KnownPackage {
  id: number
  releaseId: number
  release: string
  /** Of its release, `deb` or `rpm`. */
  format: string
  name: string
  version: string
  architecture: string
  source: string
  sourceVersion: string
  isDebug: boolean
  size: number
  gone: number | null
  folder: string | null
}

/** A stranger's core may name something that is in very many versions: no question returns more rows than this. */
const MOST = 500

/** What a question about packages selects, from the table and its release. */
export const PACKAGE_COLUMNS = {
  id: packages.id,
  releaseId: packages.releaseId,
  release: release.name,
  format: sql<string>`${formatOfRelease}`,
  name: packages.name,
  version: packages.version,
  architecture: packages.architecture,
  source: packages.source,
  sourceVersion: packages.sourceVersion,
  isDebug: packages.isDebug,
  size: packages.size,
  gone: packages.gone,
  folder: packages.folder,
}

function select(database: Database) {
  return database.select(PACKAGE_COLUMNS).from(packages).innerJoin(release, eq(release.id, packages.releaseId))
}

const byId = prepared((database) => select(database).where(eq(packages.id, sql.placeholder('id'))).prepare())

const bySource = prepared((database) =>
  select(database).where(and(
    eq(packages.source, sql.placeholder('source')),
    eq(packages.sourceVersion, sql.placeholder('sourceVersion')),
    eq(packages.releaseId, sql.placeholder('releaseId')),
  )).orderBy(asc(packages.name)).limit(fixedLimit(MOST)).prepare()
)

const byName = prepared((database) =>
  select(database).where(
    and(eq(packages.name, sql.placeholder('name')), eq(packages.releaseId, sql.placeholder('releaseId'))),
  ).limit(fixedLimit(MOST)).prepare()
)

const byVersion = prepared((database) =>
  select(database).where(
    and(eq(packages.name, sql.placeholder('name')), eq(packages.version, sql.placeholder('version'))),
  ).limit(fixedLimit(MOST)).prepare()
)

const byVersionWithoutEpoch = prepared((database) => {
  const { version } = packages
  return select(database).where(and(
    eq(packages.name, sql.placeholder('name')),
    eq(sql`substr(${version}, instr(${version}, ':') + 1)`, sql.placeholder('version')),
  )).limit(fixedLimit(MOST)).prepare()
})

/** Reads the row of a package again. */
export function packageAgain(database: Database, id: number): KnownPackage | undefined {
  return byId(database).get({ id })
}

/** All packages that one version of a source made, in a release; in the order of their names. */
export function packagesMadeFrom(
  database: Database,
  { source, sourceVersion, releaseId }: Pick<KnownPackage, 'source' | 'sourceVersion' | 'releaseId'>,
): KnownPackage[] {
  return bySource(database).all({ source, sourceVersion, releaseId })
}

/** Every known version of a package in a release, in no order. */
export function versionsOf(database: Database, name: string, releaseId: number): KnownPackage[] {
  return byName(database).all({ name, releaseId })
}

/** A package by name and exact version, in every release that has it. */
export function packagesExactly(database: Database, name: string, version: string): KnownPackage[] {
  return byVersion(database).all({ name, version })
}

/** A package by name and version, of whatever epoch: `rpm -qa`, package notes and names of files have none. */
export function packagesOfAnyEpoch(database: Database, name: string, version: string): KnownPackage[] {
  return byVersionWithoutEpoch(database).all({ name, version })
}

/** When the files of a package were last put into the store, in Unix seconds; undefined: none are here. */
export function lastKept(database: Database): number | undefined {
  return database.select({ kept: max(packages.kept) }).from(packages).where(isNotNull(packages.kept)).get()?.kept ??
    undefined
}
