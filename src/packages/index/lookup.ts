/**
 * The index as one object for everything that looks for packages: who has a build-id, which packages had a path, what
 * else a source made. It gives each row the naming of its format. Read only, synchronous and light: a worker whose
 * packages are all here asks nothing else.
 */
import type { Database } from '../../database/database.ts'
import { formatNamed, type PackageNaming } from '../format/naming.ts'
import { NAMINGS } from '../naming/namings.ts'
import { type BuildIdRole, hasBuildIds, packagesWith, releasesWith } from './build_ids.ts'
import { filesOf, keptFiles, type KnownFile } from './files.ts'
import {
  type KnownPackage,
  packageAgain,
  packagesExactly,
  packagesMadeFrom,
  packagesOfAnyEpoch,
  versionsOf,
} from './packages.ts'
import { ownersOf } from './paths.ts'
import { allReleases } from './releases.ts'
import { sourceUrlOf } from './repositories.ts'

/** What stands in place of the name of a format. */
interface Named {
  /** The naming of its release's format. */
  naming: PackageNaming
}

/** A package that is known; its files are here when `folder` is set. */
export interface PackageRow extends Omit<KnownPackage, 'format'>, Named {}

/** A kept file with its package. */
export interface FileRow extends Omit<KnownFile, 'format'>, Named {}

/** `libc6_2.36-9+deb12u14_amd64`, `bash-5.2.26-3.fc40.x86_64`: how a package is named to people, and its folder. */
export function packageLabel(row: Pick<PackageRow, 'naming' | 'name' | 'version' | 'architecture'>): string {
  return row.naming.label(row)
}

/** The index of a database. */
export class PackageIndex {
  /** The formats whose packages it can know. */
  readonly namings: readonly PackageNaming[]
  readonly #database: Database

  constructor(database: Database, namings: readonly PackageNaming[] = NAMINGS) {
    this.#database = database
    this.namings = namings
  }

  #named<Row extends { format: string }>({ format, ...row }: Row): Omit<Row, 'format'> & Named {
    return { ...row, naming: formatNamed(format, this.namings) }
  }

  /** Kept files with a build-id (lower-case hex), whatever their role. */
  keptFiles(buildId: string): FileRow[] {
    return keptFiles(this.#database, buildId).map((row) => this.#named(row))
  }

  /** Packages that hold a build-id in a role, kept or not: those of a release, those upstream, the newest first. */
  packagesWith(buildId: string, role: BuildIdRole, releaseId?: number): PackageRow[] {
    return packagesWith(this.#database, buildId, { role, releaseId }).map((row) => this.#named(row))
  }

  /** Ids of the releases in which a build-id is known. */
  releasesWith(buildId: string): number[] {
    return releasesWith(this.#database, buildId)
  }

  /** All packages in a release that were built from one version of a source. */
  madeFrom(build: Pick<PackageRow, 'source' | 'sourceVersion' | 'releaseId'>): PackageRow[] {
    return packagesMadeFrom(this.#database, build).map((row) => this.#named(row))
  }

  /** Names of packages that ever had a path (normal form) in a release. */
  ownersOf(path: string, releaseId: number): string[] {
    return ownersOf(this.#database, path, releaseId)
  }

  /** Every known version of a package in a release, in no order. */
  versionsOf(name: string, releaseId: number): PackageRow[] {
    return versionsOf(this.#database, name, releaseId).map((row) => this.#named(row))
  }

  /** A package by name and exact version, in every release that has it. */
  exactly(name: string, version: string): PackageRow[] {
    return packagesExactly(this.#database, name, version).map((row) => this.#named(row))
  }

  /**
   * A package by name and version, of whatever epoch: lists of installed packages, package notes and names of files
   * have none.
   */
  ofAnyEpoch(name: string, version: string): PackageRow[] {
    return packagesOfAnyEpoch(this.#database, name, version).map((row) => this.#named(row))
  }

  /** A package by name and version as a client writes it: of whatever epoch where it names none, the one without first. */
  ofVersion(name: string, version: string): PackageRow[] {
    if (version.includes(':')) return this.exactly(name, version)
    const others = this.ofAnyEpoch(name, version).filter((row) => row.version !== version)
    return [...this.exactly(name, version), ...others]
  }

  /** The template of addresses at which a release's sources can be read (format/source_url.ts). */
  sourceUrlOf(releaseId: number): string | undefined {
    return sourceUrlOf(this.#database, releaseId)
  }

  /** Kept files of a package. */
  filesOf(packageId: number): FileRow[] {
    return filesOf(this.#database, packageId).map((row) => this.#named(row))
  }

  /** Whether any build-id of the package is known: then one that is not among them is not in it. */
  hasBuildIds(packageId: number): boolean {
    return hasBuildIds(this.#database, packageId)
  }

  /** Ids and names of the releases of an index, with the naming of their format: none until a repository feeds one. */
  releases(): { id: number; name: string; naming: PackageNaming | undefined }[] {
    return allReleases(this.#database)
      .map(({ format, ...row }) => ({
        ...row,
        naming: format === null ? undefined : formatNamed(format, this.namings),
      }))
  }

  /** Reads the row of a package again. */
  again(id: number): PackageRow | undefined {
    const row = packageAgain(this.#database, id)
    return row === undefined ? undefined : this.#named(row)
  }
}
