/**
 * Compares a kept package with the index: every file must be there with its bytes, and no other. This file decides what
 * counts as damage; the caller decides what happens then. A content that several packages share is read once.
 */
import { lstatSync, readdirSync, readlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Database } from '../../database/database.ts'
import { readElfFile } from '../../elf/file.ts'
import { fileSource } from '../../elf/source.ts'
import { sha256OfFile } from './content.ts'
import { type FileOnDisk, filesOnDisk } from '../index/files.ts'
import type { KeptPackage } from './kept_packages.ts'

export interface Fault {
  /** In the package, with its leading slash. */
  path: string
  /** A sentence that begins with the path. */
  sentence: string
  /** The index does not know the file. */
  isStray: boolean
}

/** Verifies packages one after the other. */
export class Verifier {
  readonly #database: Database
  readonly #repoDir: string
  /** SHA256 by device and inode: hard links are the same file. */
  readonly #hashes = new Map<string, string | undefined>()

  constructor(database: Database, repoDir: string) {
    this.#database = database
    this.#repoDir = repoDir
  }

  /** What is wrong with a package; empty when it is whole. */
  async faults({ id, release, folder }: KeptPackage): Promise<Fault[]> {
    const rows = filesOnDisk(this.#database, id)
    const root = join(this.#repoDir, release, folder)
    const faults: Fault[] = []
    for (const row of rows) {
      const why = row.role === 'link' ? linkFault(root, row) : await this.#fileFault(root, row)
      if (why !== undefined) faults.push({ path: row.path, sentence: `${row.path} ${why}`, isStray: false })
    }
    const known = new Set(rows.map(({ path }) => path))
    for (const path of filesBelow(root)) {
      if (!known.has(path)) faults.push({ path, sentence: `${path} is not of the package`, isStray: true })
    }
    return faults
  }

  async #fileFault(root: string, row: FileOnDisk): Promise<string | undefined> {
    const file = join(root, row.path)
    const found = lstatSync(file, { throwIfNoEntry: false })
    if (found === undefined) return 'is not there'
    if (!found.isFile() || found.size !== row.size) return 'is of another size'
    if (row.sha256 === null) {
      return row.buildId === null || buildIdOf(file) === row.buildId.toString('hex')
        ? undefined
        : 'has another build-id'
    }
    const key = `${found.dev} ${found.ino}`
    if (!this.#hashes.has(key)) this.#hashes.set(key, await sha256OfFile(file))
    return this.#hashes.get(key) === row.sha256.toString('hex') ? undefined : 'has other bytes than it had'
  }
}

function linkFault(root: string, { path, target }: FileOnDisk): string | undefined {
  const link = join(root, path)
  if (!lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink()) return 'is no link'
  return join(dirname(path), readlinkSync(link)) === target ? undefined : 'leads elsewhere'
}

function buildIdOf(file: string): string | undefined {
  try {
    using source = fileSource(file)
    return readElfFile(source).buildId
  } catch (error) {
    if (error instanceof Error) return undefined
    throw error
  }
}

/** Everything but folders, with a leading slash; nothing when the folder is not there. */
function filesBelow(root: string): string[] {
  if (lstatSync(root, { throwIfNoEntry: false }) === undefined) return []
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length))
}
