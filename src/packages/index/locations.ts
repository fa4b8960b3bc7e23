/** The table `package_location`: which repositories have a package now, and where below their addresses. */
import type { Buffer } from 'node:buffer'
import { and, asc, eq, exists, isNotNull, isNull, sql } from 'drizzle-orm'
import { buildId, packageLocation, packages, release, repository } from '../../../schema/tables.ts'
import type { Database } from '../../database/database.ts'
import { fixedLimit, prepared } from '../../database/prepared.ts'
import type { KnownPackage } from './packages.ts'

/** A repository that has a package, and where. */
export interface Location {
  format: string
  uri: string
  suite: string
  /** Of the repository, whose packages may be for every machine. */
  architecture: string
  /** Below the repository's address. */
  path: string
  /** Of the package (`checksums.ts`), and what the repository says beside it. */
  identity: Buffer
  sha512: Buffer | null
}

/** A package that a repository has and whose files are not here. */
export interface AbsentPackage
  extends Pick<KnownPackage, 'id' | 'release' | 'format' | 'name' | 'version' | 'architecture' | 'size' | 'isDebug'> {
  uri: string
  /** Whether any build-id of it is known. */
  hasBuildIds: boolean
  /** Whether its repository has a list of files. */
  hasContents: boolean
}

const holders = prepared((database) =>
  database.select({ id: packageLocation.repositoryId }).from(packageLocation)
    .where(eq(packageLocation.packageId, sql.placeholder('packageId'))).limit(fixedLimit(1)).prepare()
)

/** Whether any repository has the package now. */
export function canBeFetched(database: Database, packageId: number): boolean {
  return holders(database).get({ packageId }) !== undefined
}

/** Where a package can be downloaded, the repository that was known first at the front. */
export function locationsOf(database: Database, packageId: number): Location[] {
  const { format, uri, suite, architecture } = repository
  const { path, sha512 } = packageLocation
  return database.select({ format, uri, suite, architecture, path, sha512, identity: packages.identity })
    .from(packageLocation)
    .innerJoin(repository, eq(repository.id, packageLocation.repositoryId))
    .innerJoin(packages, eq(packages.id, packageLocation.packageId))
    .where(eq(packageLocation.packageId, packageId)).orderBy(asc(repository.id)).all()
}

/** Packages that a repository has and that are not here, in no order. */
export function absentPackages(database: Database, repositoryId: number): AbsentPackage[] {
  const ids = database.select({ role: buildId.role }).from(buildId).where(eq(buildId.packageId, packages.id))
  return database.select({
    id: packages.id,
    release: release.name,
    name: packages.name,
    version: packages.version,
    architecture: packages.architecture,
    size: packages.size,
    isDebug: packages.isDebug,
    hasBuildIds: exists(ids).mapWith(Boolean).as('has_build_ids'),
    hasContents: isNotNull(repository.contentsKey).mapWith(Boolean).as('has_contents'),
    format: repository.format,
    uri: repository.uri,
  }).from(packageLocation)
    .innerJoin(repository, eq(repository.id, packageLocation.repositoryId))
    .innerJoin(packages, eq(packages.id, packageLocation.packageId))
    .innerJoin(release, eq(release.id, packages.releaseId))
    .where(and(eq(packageLocation.repositoryId, repositoryId), isNull(packages.folder), isNull(packages.gone))).all()
}
