/**
 * Packages whose files are here: their rows and their folders under RETRACE_REPO_DIR/RELEASE, from the rename that puts
 * them there to the one that takes them away. Row and folder always come and go together.
 */
import { Buffer } from 'node:buffer'
import { existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Database } from '../../database/database.ts'
import { makeFolder } from '../../files/folder.ts'
import { noteBuildId } from '../index/build_ids.ts'
import { addFile, forgetFile, forgetFiles } from '../index/files.ts'
import { canBeFetched } from '../index/locations.ts'
import { packagesInUse } from '../index/use.ts'
import { isIndexPath } from './debug_index.ts'
import { chargeContents, passOnContents, shareContents } from './content.ts'
import { charge, type KeptPackage, noteKept, noteNotKept } from './kept_packages.ts'
import type { KeptEntry } from './unpack.ts'
import { unixSeconds } from '../../units/time.ts'

/** Below RETRACE_REPO_DIR, for packages that are being put in place or removed. */
export const WORK_FOLDER = '.fetch'
/** In it, for an index that is being made, by whoever has the lease of the same name. */
export const INDEX_WORK = 'index'
/** The same for a copy, which another program makes: policies of the machine tell the two apart. */
export const COPY_WORK = 'copy'

export interface NewlyUnpacked {
  id: number
  release: string
  /** Name of the folder that it gets below the release's. */
  folder: string
  /** Where its files lie now, under WORK_FOLDER. */
  temporary: string
  entries: KeptEntry[]
}

/** Shares its contents with what is here, puts the folder in its place by one rename, and notes it. */
export async function putInPlace(database: Database, repoDir: string, unpacked: NewlyUnpacked): Promise<void> {
  const { id, release, folder, temporary, entries } = unpacked
  const looked = await shareContents(database, repoDir, { id, folder: temporary, entries })
  const target = join(repoDir, release, folder)
  makeFolder(join(repoDir, release))
  // A folder without a row, left by a process that was killed after its rename: removed before the lock is taken.
  rmSync(target, { recursive: true, force: true })
  database.transaction(() => {
    chargeContents(database, repoDir, { id, folder: temporary, entries, looked })
    recordKept(database, { id, folder }, entries)
    // Renamed with the lock held, so that a search for folders without a row never finds this one.
    renameSync(temporary, target)
  }, { behavior: 'immediate' })
}

function recordKept(database: Database, { id, folder }: { id: number; folder: string }, entries: KeptEntry[]): void {
  forgetFiles(database, id)
  for (const { buildId, altBuildId, sha256, target, ...entry } of entries) {
    const bytes = fromHex(buildId)
    addFile(database, {
      ...entry,
      packageId: id,
      buildId: bytes,
      altBuildId: fromHex(altBuildId),
      target: target ?? null,
      sha256: fromHex(sha256),
    })
    if (bytes !== null) noteBuildId(database, { buildId: bytes, role: entry.role, packageId: id })
  }
  const bytes = entries.reduce((sum, { size, isShared }) => isShared ? sum : sum + size, 0)
  noteKept(database, id, { folder, bytes, now: unixSeconds() })
}

function fromHex(text: string | undefined): Buffer | null {
  return text === undefined ? null : Buffer.from(text, 'hex')
}

/**
 * A kept file is missing or damaged. The whole package is noted as lost, to be fetched again; when it is gone upstream,
 * only the file is, since its other files may be the last copies; and so is an index, which is made anew.
 */
export function noteLost(database: Database, { id, path }: { id: number; path: string }): void {
  database.transaction(() => {
    if (!isIndexPath(path) && canBeFetched(database, id)) forgetRows(database, id)
    else charge(database, id, -forgetFile(database, { id, path }))
  }, { behavior: 'immediate' })
}

/**
 * Notes that the files are not here any more; the package stays known. Returns the bytes that this frees on the disk.
 */
export function forgetRows(database: Database, id: number): number {
  const passedOn = passOnContents(database, id)
  forgetFiles(database, id)
  return noteNotKept(database, id) - passedOn
}

/**
 * Forgets the files of a package and removes them, unless a running task uses them. Returns the bytes freed, or
 * undefined when it is in use. A process killed in the middle leaves a folder without a row, or under a temporary name,
 * for `strays.ts`.
 */
export function removeKept(
  database: Database,
  repoDir: string,
  { id, release, folder }: KeptPackage,
): number | undefined {
  const going = join(repoDir, WORK_FOLDER, `${id}.gone`)
  makeFolder(join(repoDir, WORK_FOLDER))
  rmSync(going, { recursive: true, force: true })
  const freed = database.transaction(() => {
    if (packagesInUse(database).has(id)) return undefined
    const bytes = forgetRows(database, id)
    const place = join(repoDir, release, folder)
    if (existsSync(place)) renameSync(place, going)
    return bytes
  }, { behavior: 'immediate' })
  rmSync(going, { recursive: true, force: true })
  return freed
}
