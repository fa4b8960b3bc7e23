/**
 * From the temporary tables into the index: a few statements over whole tables, so that no row passes through
 * JavaScript. They decide what becomes of a package that an index has, has no longer, or has again. Synchronous, and
 * takes seconds: only syncs run it.
 */
import { and, type Column, count, eq, inArray, isNotNull, isNull, ne, notExists, or, sql } from 'drizzle-orm'
import { alias, except } from 'drizzle-orm/sqlite-core'
import { buildId, packageLocation, packagePath, packages } from '../../../schema/tables.ts'
import type { Database } from '../../database/database.ts'
import { excluded } from '../../database/prepared.ts'
import { noteGeneration } from './repositories.ts'
import { stagedBuildId, stagedLeftOut, stagedNamedBuildId, stagedPackage, stagedPath } from './staged_tables.ts'

/** What a commit changed, for the log. */
export interface GenerationCounts {
  packages: number
  added: number
  vanished: number
  paths: number
}

export interface Generation {
  repositoryId: number
  releaseId: number
  date: number
  /** Undefined: this part was not read, since it is unchanged. */
  packagesKey: string | undefined
  contentsKey: string | undefined
  now: number
}

/** In an INSERT ... SELECT with a conflict clause, which SQLite would else take for the ON of a join. */
const EVERY_ROW = sql`true`

/** The same value for a column of every row that is selected. */
function always(column: Column, value: number | string | null) {
  return sql`${value}`.as(column.name)
}

/** Finds the packages of the generation that are known. */
export function linkStaged(database: Database, releaseId: number): void {
  const known = database.select({ id: packages.id }).from(packages).where(and(
    eq(packages.name, stagedPackage.name),
    eq(packages.version, stagedPackage.version),
    eq(packages.releaseId, releaseId),
    eq(packages.architecture, stagedPackage.architecture),
    eq(packages.identity, stagedPackage.identity),
  ))
  database.update(stagedPackage).set({ packageId: sql`${known}` }).where(isNull(stagedPackage.packageId)).run()
}

/** Makes the generation the visible one; the caller holds the write lock. */
export function mergeStaged(database: Database, generation: Generation): GenerationCounts {
  const { repositoryId, packagesKey, contentsKey } = generation
  const nothing = { added: 0, vanished: 0, paths: 0 }
  const ofPackages = packagesKey === undefined ? nothing : mergePackages(database, generation)
  const paths = contentsKey === undefined ? 0 : mergeContents(database, generation)
  const has = database.select({ packages: count() }).from(packageLocation)
    .where(eq(packageLocation.repositoryId, repositoryId)).get()
  const counts = { ...ofPackages, paths, packages: has?.packages ?? 0 }
  noteGeneration(database, repositoryId, { ...generation, packages: counts.packages })
  return counts
}

function mergePackages(database: Database, generation: Generation): Pick<GenerationCounts, 'added' | 'vanished'> {
  const { repositoryId, releaseId, now } = generation
  const added = addPackages(database, generation)
  linkStaged(database, releaseId)
  const staged = database.select({ id: sql<number>`${stagedPackage.packageId}` }).from(stagedPackage)
  database.update(packages).set({ gone: null, repositoryId }).where(and(
    or(isNotNull(packages.gone), sql`${packages.repositoryId} is not ${repositoryId}`),
    inArray(packages.id, staged),
  )).run()
  const isHere = eq(packageLocation.repositoryId, repositoryId)
  // What the repository had, and its new generation has no more.
  const unstaged = except(
    database.select({ id: packageLocation.packageId }).from(packageLocation).where(isHere),
    staged,
  )
  const elsewhere = database.select({ path: packageLocation.path }).from(packageLocation)
    .where(and(eq(packageLocation.packageId, packages.id), ne(packageLocation.repositoryId, repositoryId)))
  const vanished = database.update(packages).set({ gone: now })
    .where(and(isNull(packages.gone), inArray(packages.id, unstaged), notExists(elsewhere))).run().changes
  database.delete(packageLocation).where(and(isHere, inArray(packageLocation.packageId, unstaged))).run()
  addLocations(database, repositoryId)
  addBuildIds(database)
  return { added, vanished }
}

function addPackages(database: Database, { repositoryId, releaseId, now }: Generation): number {
  const { name, version, architecture, source, sourceVersion, isDebug, size, identity } = stagedPackage
  const rows = database.select({
    id: always(packages.id, null),
    releaseId: always(packages.releaseId, releaseId),
    name,
    version,
    architecture,
    source,
    sourceVersion,
    isDebug,
    size,
    identity,
    added: always(packages.added, now),
    gone: always(packages.gone, null),
    repositoryId: always(packages.repositoryId, repositoryId),
    superseded: always(packages.superseded, null),
    folder: always(packages.folder, null),
    kept: always(packages.kept, null),
    keptBytes: always(packages.keptBytes, null),
    used: always(packages.used, null),
  }).from(stagedPackage).where(isNull(stagedPackage.packageId))
  return database.insert(packages).select(rows).onConflictDoNothing().run().changes
}

function addLocations(database: Database, repositoryId: number): void {
  const rows = database.select({
    packageId: stagedPackage.packageId,
    repositoryId: always(packageLocation.repositoryId, repositoryId),
    path: stagedPackage.path,
    sha512: stagedPackage.sha512,
  }).from(stagedPackage).where(EVERY_ROW)
  database.insert(packageLocation).select(rows).onConflictDoUpdate({
    target: [packageLocation.packageId, packageLocation.repositoryId],
    set: { path: excluded(packageLocation.path), sha512: excluded(packageLocation.sha512) },
    setWhere: sql`(${packageLocation.path}, ${packageLocation.sha512}) is not (${excluded(packageLocation.path)}, ${
      excluded(packageLocation.sha512)
    })`,
  }).run()
}

function addBuildIds(database: Database): void {
  const rows = database.select({
    buildId: stagedBuildId.buildId,
    role: always(buildId.role, 'debug'),
    packageId: stagedPackage.packageId,
  }).from(stagedBuildId).innerJoin(stagedPackage, eq(stagedPackage.id, stagedBuildId.stagedId)).where(EVERY_ROW)
  database.insert(buildId).select(rows).onConflictDoNothing().run()
}

/**
 * Merges a list of files, which names packages without versions; returns how many paths are new. Paths that only packages
 * have which are left out are not taken.
 */
function mergeContents(database: Database, { repositoryId, releaseId }: Generation): number {
  // Where the version itself says what it holds, that counts.
  const known = alias(buildId, 'known')
  const says = database.select({ role: known.role }).from(known)
    .where(and(eq(known.packageId, packages.id), eq(known.role, 'debug')))
  const { name, role, identity } = stagedNamedBuildId
  // CROSS JOIN keeps the order: SQLite knows nothing about temporary tables, and began with the packages (8 s).
  const ids = database.select({ buildId: stagedNamedBuildId.buildId, role, packageId: packages.id })
    .from(stagedNamedBuildId).crossJoin(packages).crossJoin(packageLocation).where(and(
      eq(packages.name, name),
      eq(packages.releaseId, releaseId),
      or(isNull(identity), eq(packages.identity, identity)),
      eq(packageLocation.packageId, packages.id),
      eq(packageLocation.repositoryId, repositoryId),
      notExists(says),
    ))
  database.insert(buildId).select(ids).onConflictDoNothing().run()
  const named = database.select({ name: packages.name }).from(packages)
    .where(and(eq(packages.name, stagedPath.name), eq(packages.releaseId, releaseId)))
  const isUnknown = and(
    inArray(stagedPath.name, database.select({ name: stagedLeftOut.name }).from(stagedLeftOut)),
    notExists(named),
  )
  const paths = database.select({
    path: stagedPath.path,
    releaseId: always(packagePath.releaseId, releaseId),
    name: stagedPath.name,
  }).from(stagedPath).where(sql`not ${isUnknown}`)
  return database.insert(packagePath).select(paths).onConflictDoNothing().run().changes
}
