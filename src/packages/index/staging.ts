/**
 * A generation of an index on its way into the database: collected in temporary tables with no lock held, then made
 * visible in one transaction. A process that dies in between leaves the old generation visible. Entries are not checked
 * here: their format has done so.
 */
import { Buffer } from 'node:buffer'
import { bulkInsert } from '../../database/bulk.ts'
import { type Database, isOpen } from '../../database/database.ts'
import { identityOf } from '../format/checksums.ts'
import type { IndexEntry } from '../format/index_entry.ts'
import { LeftOut } from '../format/left_out.ts'
import { type Generation, type GenerationCounts, linkStaged, mergeStaged } from './merge.ts'
import {
  createStaged,
  dropStaged,
  stagedBuildId,
  stagedBytes,
  stagedLeftOut,
  stagedNamedBuildId,
  stagedPackage,
  stagedPath,
} from './staged_tables.ts'

/** One at a time per connection. Dispose of it to forget what was not committed. */
export class Staging implements Disposable {
  readonly #database: Database
  readonly #add: ReturnType<typeof inserts>
  /** What the indices named and is not taken. */
  readonly leftOut = new LeftOut()
  #packages = 0
  #isDisposed = false

  constructor(database: Database) {
    this.#database = database
    dropStaged(database)
    createStaged(database)
    this.#add = inserts(database)
  }

  /** Takes a batch of entries. */
  add(entries: IndexEntry[]): void {
    this.#database.transaction(() => {
      for (const entry of entries) this.#addOne(entry)
    })
  }

  #addOne(entry: IndexEntry): void {
    if (entry.kind === 'path') this.#add.path(entry.path, entry.name)
    else if (entry.kind === 'left-out') {
      this.leftOut.add(entry.name, entry.reason)
      this.#add.leftOut(entry.name)
    } else if (entry.kind === 'build-id') {
      const identity = entry.identity === undefined ? null : bytes(entry.identity)
      this.#add.namedBuildId(entry.name, entry.role, identity, bytes(entry.buildId))
    } else {
      this.#packages++
      const { package: one } = entry
      const identity = identityOf(one.checksums) ?? ''
      const { sha512 = identity } = one.checksums
      const stagedId = this.#add.package(
        one.name,
        one.version,
        one.architecture,
        one.source,
        one.sourceVersion,
        one.isDebug ? 1 : 0,
        one.size,
        bytes(identity),
        one.path,
        sha512 === identity ? null : bytes(sha512),
      )
      for (const id of one.buildIds) this.#add.buildId(Number(stagedId), bytes(id))
    }
  }

  /** Packages that were taken until now. */
  get packages(): number {
    return this.#packages
  }

  /** Bytes on the disk until the commit; the database will grow by about as much. */
  get bytes(): number {
    return stagedBytes(this.#database)
  }

  /** Makes the generation visible: all of it, or, when this throws, nothing. */
  commit(generation: Generation): GenerationCounts {
    // Most packages of a generation are known: they are found before the lock is taken.
    linkStaged(this.#database, generation.releaseId)
    return this.#database.transaction(() => mergeStaged(this.#database, generation), { behavior: 'immediate' })
  }

  [Symbol.dispose](): void {
    if (this.#isDisposed) return
    this.#isDisposed = true
    if (isOpen(this.#database)) dropStaged(this.#database)
  }
}

function inserts(database: Database) {
  return {
    package: bulkInsert(database, stagedPackage, [
      'name',
      'version',
      'architecture',
      'source',
      'sourceVersion',
      'isDebug',
      'size',
      'identity',
      'path',
      'sha512',
    ]),
    buildId: bulkInsert(database, stagedBuildId, ['stagedId', 'buildId']),
    namedBuildId: bulkInsert(database, stagedNamedBuildId, ['name', 'role', 'identity', 'buildId']),
    path: bulkInsert(database, stagedPath, ['path', 'name']),
    leftOut: bulkInsert(database, stagedLeftOut, ['name']),
  }
}

function bytes(hex: string): Buffer {
  return Buffer.from(hex, 'hex')
}
