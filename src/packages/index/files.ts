/**
 * The table `package_file`: the files of kept packages, with what their ELF headers say, the SHA256 of their contents,
 * and which package is charged for a content that several hold.
 */
import { Buffer } from 'node:buffer'
import { and, asc, desc, eq, gt, gte, isNotNull, ne, or, sql } from 'drizzle-orm'
import { buildId as buildIds, packageFile, packages, release, repository } from '../../../schema/tables.ts'
import type { Database } from '../../database/database.ts'
import { fixedLimit, prepared } from '../../database/prepared.ts'
import { type KnownPackage, PACKAGE_COLUMNS } from './packages.ts'

export type FileRole = typeof packageFile.$inferSelect['role']

/** A kept file with its package. */
export interface KnownFile extends KnownPackage {
  path: string
  role: FileRole
  fileSize: number
  hasDebug: boolean
  buildId: Buffer | null
  altBuildId: Buffer | null
}

/** What `--verify` compares with the disk. */
export interface FileOnDisk {
  path: string
  role: FileRole
  size: number
  target: string | null
  buildId: Buffer | null
  sha256: Buffer | null
}

/** A file of one package whose content another may hold, too. */
export interface Holder {
  id: number
  release: string
  folder: string
  path: string
}

/** A file with debuginfo of a kept package. */
export interface DebugFile {
  id: number
  release: string
  folder: string
  path: string
  buildId: Buffer
  /** Of the dwz file that it leans on. */
  altBuildId: Buffer | null
  size: number
}

const FILE_COLUMNS = {
  ...PACKAGE_COLUMNS,
  path: packageFile.path,
  role: packageFile.role,
  fileSize: packageFile.size,
  hasDebug: packageFile.hasDebug,
  buildId: packageFile.buildId,
  altBuildId: packageFile.altBuildId,
}

const withBuildId = prepared((database) =>
  database.selectDistinct(FILE_COLUMNS).from(buildIds)
    .innerJoin(packages, eq(packages.id, buildIds.packageId))
    .innerJoin(release, eq(release.id, packages.releaseId))
    .innerJoin(packageFile, and(eq(packageFile.packageId, packages.id), eq(packageFile.buildId, buildIds.buildId)))
    .where(and(eq(buildIds.buildId, sql.placeholder('buildId')), isNotNull(packages.folder)))
    .orderBy(asc(packages.id), asc(packageFile.path)).prepare()
)

const ofPackage = prepared((database) =>
  database.select(FILE_COLUMNS).from(packageFile)
    .innerJoin(packages, eq(packages.id, packageFile.packageId))
    .innerJoin(release, eq(release.id, packages.releaseId))
    .where(and(
      eq(packageFile.packageId, sql.placeholder('packageId')),
      ne(packageFile.role, 'link'),
      isNotNull(packages.folder),
    )).prepare()
)

const withContent = prepared((database) =>
  database.select({ id: packages.id, release: release.name, folder: packages.folder, path: packageFile.path })
    .from(packageFile)
    .innerJoin(packages, eq(packages.id, packageFile.packageId))
    .innerJoin(release, eq(release.id, packages.releaseId))
    .where(and(
      eq(packageFile.sha256, sql.placeholder('sha256')),
      ne(packageFile.packageId, sql.placeholder('except')),
      isNotNull(packages.folder),
    )).orderBy(asc(packageFile.isShared)).limit(fixedLimit(2)).prepare()
)

const uncharged = prepared((database) =>
  database.select({ packageId: packageFile.packageId, path: packageFile.path }).from(packageFile)
    .innerJoin(packages, eq(packages.id, packageFile.packageId))
    .where(and(
      eq(packageFile.sha256, sql.placeholder('sha256')),
      ne(packageFile.packageId, sql.placeholder('except')),
      eq(packageFile.isShared, true),
      isNotNull(packages.kept),
    )).limit(fixedLimit(1)).prepare()
)

const add = prepared((database) =>
  database.insert(packageFile).values({
    packageId: sql.placeholder('packageId'),
    path: sql.placeholder('path'),
    role: sql.placeholder('role'),
    size: sql.placeholder('size'),
    buildId: sql.placeholder('buildId'),
    hasDebug: sql.placeholder('hasDebug'),
    altBuildId: sql.placeholder('altBuildId'),
    target: sql.placeholder('target'),
    sha256: sql.placeholder('sha256'),
    isShared: sql.placeholder('isShared'),
  }).prepare()
)

/** Kept files with a build-id (lower-case hex), whatever their role. */
export function keptFiles(database: Database, buildId: string): KnownFile[] {
  return withBuildId(database).all({ buildId: Buffer.from(buildId, 'hex') })
}

/** Kept files of a package, without its links. */
export function filesOf(database: Database, packageId: number): KnownFile[] {
  return ofPackage(database).all({ packageId })
}

/** What must be on the disk for a package, links included. */
export function filesOnDisk(database: Database, packageId: number): FileOnDisk[] {
  const { path, role, size, target, buildId, sha256 } = packageFile
  return database.select({ path, role, size, target, buildId, sha256 }).from(packageFile)
    .where(eq(packageFile.packageId, packageId)).all()
}

/** Files of other packages with a content (lower-case hex); two at most, those that are charged first. */
export function holdersOf(database: Database, sha256: string, { except }: { except: number }): Holder[] {
  return withContent(database).all({ sha256: Buffer.from(sha256, 'hex'), except })
    .flatMap(({ folder, ...row }) => folder === null ? [] : [{ ...row, folder }])
}

/** Notes a file of a package. */
export function addFile(database: Database, file: Required<typeof packageFile.$inferInsert>): void {
  add(database).run(file)
}

/** Forgets all files of a package. */
export function forgetFiles(database: Database, packageId: number): void {
  database.delete(packageFile).where(eq(packageFile.packageId, packageId)).run()
}

/** Forgets one file; returns the bytes that its package is no longer charged for. */
export function forgetFile(database: Database, { id, path }: { id: number; path: string }): number {
  const isIt = and(eq(packageFile.packageId, id), eq(packageFile.path, path))
  const { size, isShared } = packageFile
  const row = database.select({ size, isShared }).from(packageFile).where(isIt).get()
  database.delete(packageFile).where(isIt).run()
  return row === undefined || row.isShared ? 0 : row.size
}

/** Contents that a package is charged for, with their bytes. */
export function chargedContents(database: Database, packageId: number): { sha256: Buffer; size: number }[] {
  const { sha256, size } = packageFile
  return database.select({ sha256, size }).from(packageFile)
    .where(and(eq(packageFile.packageId, packageId), eq(packageFile.isShared, false), isNotNull(sha256))).all()
    .flatMap((row) => row.sha256 === null ? [] : [{ sha256: row.sha256, size: row.size }])
}

/** Charges another kept package that holds a content; returns its id, or undefined when there is none. */
export function chargeAnother(
  database: Database,
  { sha256, except }: { sha256: Buffer; except: number },
): number | undefined {
  const heir = uncharged(database).get({ sha256, except })
  if (heir === undefined) return undefined
  database.update(packageFile).set({ isShared: false })
    .where(and(eq(packageFile.packageId, heir.packageId), eq(packageFile.path, heir.path))).run()
  return heir.packageId
}

/**
 * Files with debuginfo and a build-id, from so many bytes on, of packages that tasks used: those of repositories that are fetched
 * whole only where one was needed since. What was used last comes first. `that`: hold no strings for others alone, or no code.
 */
export function debugFiles(
  database: Database,
  { leastBytes, that }: { leastBytes: number; that: 'are-no-dwz' | 'have-no-code' },
): DebugFile[] {
  const { id, folder, kept, used } = packages
  const { path, buildId, altBuildId, role, hasDebug, size } = packageFile
  return database.select({ id, release: release.name, folder, path, buildId, altBuildId, size }).from(packageFile)
    .innerJoin(packages, eq(id, packageFile.packageId))
    .innerJoin(release, eq(release.id, packages.releaseId))
    .leftJoin(repository, eq(repository.id, packages.repositoryId))
    .where(and(
      isNotNull(folder),
      isNotNull(buildId),
      gte(size, leastBytes),
      or(eq(role, 'debug'), that === 'have-no-code' ? eq(role, 'dwz') : and(eq(role, 'code'), eq(hasDebug, true))),
      or(ne(repository.fetch, 'full'), gt(used, kept)),
    )).orderBy(desc(used), asc(id), asc(path)).all()
    .flatMap(({ folder, buildId, ...row }) => folder === null || buildId === null ? [] : [{ ...row, folder, buildId }])
}

/** The kept dwz file of a build-id. */
export function dwzFile(database: Database, buildId: Buffer): DebugFile | undefined {
  const { path, altBuildId, role, size } = packageFile
  return database.select({ id: packages.id, release: release.name, folder: packages.folder, path, altBuildId, size })
    .from(packageFile)
    .innerJoin(packages, eq(packages.id, packageFile.packageId))
    .innerJoin(release, eq(release.id, packages.releaseId))
    .innerJoin(buildIds, and(eq(buildIds.packageId, packages.id), eq(buildIds.buildId, packageFile.buildId)))
    .where(and(eq(buildIds.buildId, buildId), eq(role, 'dwz'), isNotNull(packages.folder))).orderBy(asc(packages.id))
    .all().flatMap(({ folder, ...row }) => folder === null ? [] : [{ ...row, folder, buildId }])[0]
}

/** Indices and copies that were made of such, empty ones too; those of the longest unused package first. */
export function indexFiles(
  database: Database,
): { id: number; release: string; folder: string | null; path: string }[] {
  const { id, folder } = packages
  return database.select({ id, release: release.name, folder, path: packageFile.path }).from(packageFile)
    .innerJoin(packages, eq(id, packageFile.packageId))
    .innerJoin(release, eq(release.id, packages.releaseId))
    .where(eq(packageFile.role, 'index')).orderBy(asc(packages.used), asc(id), asc(packageFile.path)).all()
}
