/**
 * Packages whose files are here: their rows and their folders under RETRACE_REPO_DIR/RELEASE, from the rename that puts
 * them there to the one that takes them away. Owns that both come and go together.
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
import { chargeContents, passOnContents, shareContents } from './content.ts'
import { charge, type KeptPackage, noteKept, noteNotKept } from './kept_packages.ts'
import type { KeptEntry } from './unpack.ts'
import { unixSeconds } from '../../units/time.ts'

/** Under RETRACE_REPO_DIR: packages that come and go. */
export const WORK_FOLDER = '.fetch'

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
  // Left by a process that was killed between its rename and its row, or lost: it goes before the lock is taken.
  rmSync(target, { recursive: true, force: true })
  database.transaction(() => {
    chargeContents(database, repoDir, { id, folder: temporary, entries, looked })
    recordKept(database, { id, folder }, entries)
    // With the lock held: whoever looks for folders without a row never sees this one.
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
 * A kept file is not there, or not what it was. The whole package is noted as lost, to be fetched again; where it can
 * be had no more, just the file is, since the others may be the last copies of theirs.
 */
export function noteLost(database: Database, { id, path }: { id: number; path: string }): void {
  database.transaction(() => {
    if (canBeFetched(database, id)) forgetRows(database, id)
    else charge(database, id, -forgetFile(database, { id, path }))
  }, { behavior: 'immediate' })
}

/** Its files are not here any more; the package stays known. The bytes that this frees on the disk. */
export function forgetRows(database: Database, id: number): number {
  const passedOn = passOnContents(database, id)
  forgetFiles(database, id)
  return noteNotKept(database, id) - passedOn
}

/**
 * Forgets the files of a package and removes them, unless a running task uses them. The bytes freed; undefined when it
 * is in use. Whoever is killed in the middle leaves a folder without a row, or under a temporary name, for `strays.ts`.
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
