/**
 * Contents of kept files: the same bytes in two packages lie on the disk once, as hard links, and are counted once. One
 * of the packages that share a content is charged for it. A file whose bytes are not those of the index is never linked
 * to: damage must not spread.
 */
import { createHash } from 'node:crypto'
import { createReadStream, linkSync, lstatSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { errnoOf } from '../../errors/errno.ts'
import type { Database } from '../../database/database.ts'
import { chargeAnother, chargedContents, holdersOf } from '../index/files.ts'
import { charge } from './kept_packages.ts'
import type { KeptEntry } from './unpack.ts'
import { MIB } from '../../units/bytes.ts'

export interface Unpacked {
  /** Id of the package that is being kept. */
  id: number
  /** Where its files lie now, in the file system of RETRACE_REPO_DIR. */
  folder: string
  entries: KeptEntry[]
}

/** For each content that other packages hold: whether ours are hard links to theirs by now. */
export type Looked = Map<string, boolean>

interface Neighbour {
  id: number
  path: string
}

/** Makes hard links of what is here already, inside the package and in others whose bytes are sound. */
export async function shareContents(
  database: Database,
  repoDir: string,
  { id, folder, entries }: Unpacked,
): Promise<Looked> {
  const looked: Looked = new Map()
  for (const [sha256, [first, ...twins]] of byContent(entries)) {
    if (first === undefined) continue
    for (const twin of twins) link(join(folder, first.path), join(folder, twin.path), `${folder}.link`)
    for (const neighbour of neighbours(database, repoDir, { id, sha256 })) {
      const isSound = await sha256OfFile(neighbour.path) === sha256
      looked.set(sha256, isSound && linkAll(neighbour, { folder, entries: [first, ...twins] }))
      if (isSound) break
    }
  }
  return looked
}

/**
 * The same within the transaction that notes the package, for contents that another process brought in the meantime;
 * then who is charged: for a content that another kept package holds, that one, else the first file of this one.
 */
export function chargeContents(
  database: Database,
  repoDir: string,
  { id, folder, entries, looked }: Unpacked & { looked: Looked },
): void {
  for (const [sha256, files] of byContent(entries)) {
    const [neighbour] = neighbours(database, repoDir, { id, sha256 })
    // A neighbour that was not there for the first look has come since; it was hashed while it was written.
    const isHeld = neighbour !== undefined && (looked.get(sha256) ?? linkAll(neighbour, { folder, entries: files }))
    for (const [at, file] of files.entries()) file.isShared = isHeld || at > 0
  }
}

/**
 * Before a package is forgotten: charges others for the contents that it shares with them. Returns the bytes passed on.
 */
export function passOnContents(database: Database, id: number): number {
  let bytes = 0
  for (const { sha256, size } of chargedContents(database, id)) {
    const heir = chargeAnother(database, { sha256, except: id })
    if (heir === undefined) continue
    charge(database, heir, size)
    bytes += size
  }
  return bytes
}

/** SHA256 of a file in lower-case hex; undefined when it is not there, or cannot be read. */
export async function sha256OfFile(path: string): Promise<string | undefined> {
  const hash = createHash('sha256')
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: MIB })) hash.update(chunk as Uint8Array)
    return hash.digest('hex')
  } catch (error) {
    if (errnoOf(error) !== undefined) return undefined
    throw error
  }
}

function byContent(entries: KeptEntry[]): Map<string, KeptEntry[]> {
  const contents = new Map<string, KeptEntry[]>()
  for (const entry of entries) {
    if (entry.sha256 === undefined) continue
    const files = contents.get(entry.sha256)
    if (files === undefined) contents.set(entry.sha256, [entry])
    else files.push(entry)
  }
  return contents
}

/** Files of other packages with this content; two at most, those that are charged first. */
function neighbours(
  database: Database,
  repoDir: string,
  { id, sha256 }: { id: number; sha256: string },
): Neighbour[] {
  return holdersOf(database, sha256, { except: id })
    .map(({ id, release, folder, path }) => ({ id, path: join(repoDir, release, folder, path) }))
}

function linkAll(neighbour: Neighbour, { folder, entries }: { folder: string; entries: KeptEntry[] }): boolean {
  return entries.every(({ path }) => link(neighbour.path, join(folder, path), `${folder}.link`))
}

/** Puts a hard link in the place of a file that is the same; false where no link can be made: then it stays a copy. */
function link(from: string, to: string, temporary: string): boolean {
  const [source, target] = [from, to].map((path) => lstatSync(path, { throwIfNoEntry: false }))
  if (source === undefined || target === undefined || !source.isFile() || source.size !== target.size) return false
  if (source.ino === target.ino && source.dev === target.dev) return true
  rmSync(temporary, { force: true })
  try {
    linkSync(from, temporary)
  } catch (error) {
    // Too many links, another file system, one without links, or the file was evicted just now.
    if (/^(EMLINK|EXDEV|EPERM|ENOENT|ENOTSUP)$/.test(errnoOf(error) ?? '')) {
      return false
    }
    throw error
  }
  renameSync(temporary, to)
  return true
}
