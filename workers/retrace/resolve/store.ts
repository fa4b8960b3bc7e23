/**
 * Kept files as the index and the disk agree on them: a row whose file is missing, or of another size, does not count,
 * and is noted as lost, so that its package is fetched again. A file that is handed out is in use from then on, and is
 * not evicted. Each look at the disk is synchronous.
 */
import { lstatSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { CoreModule } from '../../../src/elf/core.ts'
import type { FileRow, PackageIndex, PackageRow } from '../../../src/packages/index/lookup.ts'
import type { PackageUses } from '../../../src/packages/index/use.ts'
import { normalPath } from '../../../src/packages/format/paths.ts'
import { hex } from '../../../src/units/bytes.ts'
import { type Matching, matching } from './mismatch.ts'

/** A file of a package, kept here. */
export interface KeptFile {
  /** Absolute, a regular file, under RETRACE_REPO_DIR. */
  path: string
  buildId: string | undefined
  /** RETRACE_REPO_DIR/RELEASE/PACKAGE. */
  packageDir: string
}

/** What the index knows beside the path: which package it is of, and which dwz file it needs. */
export interface StoredFile extends KeptFile {
  row: FileRow
  altBuildId: string | undefined
}

/** Files of one name that a package is asked for: each is read whole. */
const MAX_NAMED = 8

export class Store {
  readonly #index: PackageIndex
  readonly #repoDir: string
  readonly #noteLost: (file: { id: number; path: string }) => void
  readonly #uses: PackageUses
  /** Id of the release whose packages come first, when a build-id is in several. */
  readonly releaseId: number | undefined

  constructor(
    index: PackageIndex,
    options: {
      repoDir: string
      releaseId: number | undefined
      uses: PackageUses
      noteLost(file: { id: number; path: string }): void
    },
  ) {
    this.#index = index
    this.#repoDir = options.repoDir
    this.#noteLost = options.noteLost
    this.#uses = options.uses
    this.releaseId = options.releaseId
  }

  /** Has the packages in use from now on in which these modules will be found first, unless their files were lost. */
  expect(modules: readonly Pick<CoreModule, 'buildId' | 'path'>[]): void {
    this.#uses.claimAll(
      modules.flatMap(({ buildId, path }) =>
        buildId === undefined
          ? []
          : [this.#code(buildId, path), this.#debug(buildId)].flatMap(([first]) => first?.id ?? [])
      ),
    )
  }

  /** A program or library of this build-id; at `path` first, since a copy elsewhere is the same file. */
  code(buildId: string, path: string): Matching<StoredFile> | undefined {
    return this.#match(buildId, this.#code(buildId, path))
  }

  /** Debuginfo of this build-id: a file of its own, else a program or library that was not stripped. */
  debug(buildId: string): Matching<StoredFile> | undefined {
    const unstripped = () => this.#files(buildId).filter(({ role, hasDebug }) => role === 'code' && hasDebug)
    return this.#match(buildId, this.#debug(buildId)) ?? this.#match(buildId, unstripped())
  }

  /** The dwz file of this build-id. */
  dwz(buildId: string): Matching<StoredFile> | undefined {
    const rows = this.#files(buildId)
    return this.#match(buildId, rows.filter(({ role }) => role === 'dwz')) ??
      this.#match(buildId, rows.filter(({ role }) => role === 'debug'))
  }

  /** What a package has at a path, under any of the path's names, of whatever build. */
  at(pack: PackageRow, path: string): StoredFile | undefined {
    const wanted = normalPath(path)
    const rows = this.#index.filesOf(pack.id).filter((row) => normalPath(row.path) === wanted && row.role === 'code')
    return this.#stored(rows).next().value
  }

  /** Debug files of a package with that name, in whatever folder. */
  named(pack: PackageRow, name: string): Iterable<StoredFile> {
    const rows = this.#index.filesOf(pack.id).filter((row) => row.role === 'debug' && basename(row.path) === name)
    return this.#stored(rows.slice(0, MAX_NAMED))
  }

  #code(buildId: string, path: string): FileRow[] {
    const wanted = normalPath(path)
    return this.#files(buildId).filter(({ role }) => role === 'code')
      .sort((a, b) => Number(normalPath(b.path) === wanted) - Number(normalPath(a.path) === wanted))
  }

  #debug(buildId: string): FileRow[] {
    return this.#files(buildId).filter(({ role }) => role === 'debug')
  }

  #files(buildId: string): FileRow[] {
    const rows = this.#index.keptFiles(buildId)
    const rank = ({ releaseId }: FileRow) => releaseId === this.releaseId ? 0 : 1
    return rows.sort((a, b) => rank(a) - rank(b))
  }

  /** The first that is here and no mismatch, whatever the index says. */
  #match(buildId: string, rows: FileRow[]): Matching<StoredFile> | undefined {
    for (const file of this.#stored(rows)) {
      const match = matching(buildId, file)
      if (match !== undefined) return match
    }
    return undefined
  }

  /** The rows whose files are here; each is in use once it is yielded. */
  *#stored(rows: FileRow[]): Generator<StoredFile, undefined> {
    for (const row of rows) {
      const folder = this.#uses.claim(row.id)
      if (folder === null) continue
      const packageDir = join(this.#repoDir, row.release, folder)
      const path = join(packageDir, row.path)
      const found = lstatSync(path, { throwIfNoEntry: false })
      if (found === undefined || !found.isFile() || found.size !== row.fileSize) {
        this.#noteLost(row)
        continue
      }
      yield { path, packageDir, row, buildId: idOf(row.buildId), altBuildId: idOf(row.altBuildId) }
    }
    return undefined
  }
}

function idOf(bytes: Uint8Array | null): string | undefined {
  return bytes === null ? undefined : hex(bytes)
}
