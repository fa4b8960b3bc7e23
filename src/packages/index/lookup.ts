/**
 * Questions to the index, each one prepared statement: who has a build-id, which packages had a path, what else a
 * source made. Read only, and light: a worker whose packages are all here asks nothing else.
 */
import { Buffer } from 'node:buffer'
import type { Statement } from 'better-sqlite3'
import type { Database } from '../../database/database.ts'
import { formatNamed, type PackageNaming } from '../format/naming.ts'
import { NAMINGS } from '../naming/namings.ts'

/** A package that is known; its files are here when `folder` is set. */
export interface PackageRow {
  id: number
  releaseId: number
  release: string
  /** Of the format that its release is in. */
  naming: PackageNaming
  name: string
  version: string
  architecture: string
  source: string
  sourceVersion: string
  isDebug: number
  size: number
  gone: number | null
  folder: string | null
}

/** A kept file with its package. */
export interface FileRow extends PackageRow {
  path: string
  role: 'code' | 'debug' | 'dwz' | 'script'
  fileSize: number
  hasDebug: number
  buildId: Buffer | null
  altBuildId: Buffer | null
}

// A release is fed by repositories of one format; asked here, since nobody else needs to know.
const FORMAT = '(SELECT y.format FROM repository y WHERE y.release_id = r.id LIMIT 1)'
const PACKAGE =
  `p.id, p.release_id AS releaseId, r.name AS release, ${FORMAT} AS format, p.name, p.version, p.architecture, p.source,
  p.source_version AS sourceVersion, p.is_debug AS isDebug, p.size, p.gone, p.folder`
const FILE = `${PACKAGE}, f.path, f.role, f.size AS fileSize, f.has_debug AS hasDebug, f.build_id AS buildId,
  f.alt_build_id AS altBuildId`
const JOIN = 'JOIN release r ON r.id = p.release_id'

/** `libc6_2.36-9+deb12u14_amd64`, `bash-5.2.26-3.fc40.x86_64`: how a package is named to people, and its folder. */
export function packageLabel(row: Pick<PackageRow, 'naming' | 'name' | 'version' | 'architecture'>): string {
  return row.naming.label(row)
}

/** The index of a database. Statements are prepared when they are first asked. */
export class PackageIndex {
  /** The formats whose packages it can know. */
  readonly namings: readonly PackageNaming[]
  readonly #client: Database['$client']
  readonly #statements = new Map<string, Statement<unknown[]>>()

  constructor(database: Database, namings: readonly PackageNaming[] = NAMINGS) {
    this.#client = database.$client
    this.namings = namings
  }

  #all<Row>(sql: string, ...values: unknown[]): Row[] {
    let statement = this.#statements.get(sql)
    if (statement === undefined) this.#statements.set(sql, statement = this.#client.prepare<unknown[]>(sql))
    return statement.all(...values) as Row[]
  }

  /** Rows of packages or their files, whose format is a name in the database. */
  #packages<Row extends PackageRow = PackageRow>(sql: string, ...values: unknown[]): Row[] {
    return this.#all<Row & { format: string }>(sql, ...values)
      .map((row) => ({ ...row, naming: formatNamed(row.format, this.namings) }))
  }

  /** Kept files with a build-id (lower-case hex), whatever their role. */
  keptFiles(buildId: string): FileRow[] {
    return this.#packages(
      `SELECT DISTINCT ${FILE} FROM build_id b JOIN package p ON p.id = b.package_id ${JOIN}
       JOIN package_file f ON f.package_id = p.id AND f.build_id = b.build_id
       WHERE b.build_id = ? AND p.folder IS NOT NULL ORDER BY p.id, f.path`,
      Buffer.from(buildId, 'hex'),
    )
  }

  /** Packages that hold a build-id in a role, kept or not: those of a release, those upstream, the newest first. */
  packagesWith(buildId: string, role: 'code' | 'debug' | 'dwz', releaseId?: number): PackageRow[] {
    return this.#packages(
      `SELECT ${PACKAGE} FROM build_id b JOIN package p ON p.id = b.package_id ${JOIN}
       WHERE b.build_id = ? AND b.role = ? ORDER BY p.release_id IS NOT ?, p.gone IS NOT NULL, p.id DESC LIMIT 50`,
      Buffer.from(buildId, 'hex'),
      role,
      releaseId ?? null,
    )
  }

  /** Ids of the releases in which a build-id is known. */
  releasesWith(buildId: string): number[] {
    return this.#all<{ id: number }>(
      'SELECT DISTINCT p.release_id AS id FROM build_id b JOIN package p ON p.id = b.package_id WHERE b.build_id = ?',
      Buffer.from(buildId, 'hex'),
    ).map(({ id }) => id)
  }

  /** All packages that one version of a source made, in a release. */
  madeFrom(
    { source, sourceVersion, releaseId }: Pick<PackageRow, 'source' | 'sourceVersion' | 'releaseId'>,
  ): PackageRow[] {
    return this.#packages(
      `SELECT ${PACKAGE} FROM package p ${JOIN}
       WHERE p.source = ? AND p.source_version = ? AND p.release_id = ? ORDER BY p.name LIMIT 500`,
      source,
      sourceVersion,
      releaseId,
    )
  }

  /** Names of packages that ever had a path (normal form) in a release. */
  ownersOf(path: string, releaseId: number): string[] {
    return this.#all<{ name: string }>(
      'SELECT name FROM package_path WHERE path = ? AND release_id = ? LIMIT 50',
      path,
      releaseId,
    ).map(({ name }) => name)
  }

  /** Every known version of a package in a release, in no order. */
  versionsOf(name: string, releaseId: number): PackageRow[] {
    return this.#packages(
      `SELECT ${PACKAGE} FROM package p ${JOIN} WHERE p.name = ? AND p.release_id = ? LIMIT 500`,
      name,
      releaseId,
    )
  }

  /** A package by name and exact version, in every release that has it. */
  exactly(name: string, version: string): PackageRow[] {
    return this.#packages(
      `SELECT ${PACKAGE} FROM package p ${JOIN} WHERE p.name = ? AND p.version = ? LIMIT 500`,
      name,
      version,
    )
  }

  /** A package by name and version, of whatever epoch: lists of installed packages, package notes and names of files have none. */
  ofAnyEpoch(name: string, version: string): PackageRow[] {
    return this.#packages(
      `SELECT ${PACKAGE} FROM package p ${JOIN}
       WHERE p.name = ? AND substr(p.version, instr(p.version, ':') + 1) = ? LIMIT 500`,
      name,
      version,
    )
  }

  /** Kept files of a package. */
  filesOf(packageId: number): FileRow[] {
    return this.#packages(
      `SELECT ${FILE} FROM package_file f JOIN package p ON p.id = f.package_id ${JOIN}
       WHERE f.package_id = ? AND f.role <> 'link' AND p.folder IS NOT NULL`,
      packageId,
    )
  }

  /** Whether any build-id of the package is known: then one that is not among them is not in it. */
  hasBuildIds(packageId: number): boolean {
    return this.#all('SELECT 1 FROM build_id WHERE package_id = ? LIMIT 1', packageId).length > 0
  }

  /** Ids and names of the releases of an index, with the naming of their format: none until a repository feeds one. */
  releases(): { id: number; name: string; naming: PackageNaming | undefined }[] {
    return this.#all<{ id: number; name: string; format: string | null }>(
      `SELECT r.id, r.name, ${FORMAT} AS format FROM release r ORDER BY r.name`,
    ).map(({ id, name, format }) => ({
      id,
      name,
      naming: format === null ? undefined : formatNamed(format, this.namings),
    }))
  }

  /** The package as it is now. */
  again(id: number): PackageRow | undefined {
    return this.#packages(`SELECT ${PACKAGE} FROM package p ${JOIN} WHERE p.id = ?`, id)[0]
  }
}
