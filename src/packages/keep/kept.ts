/**
 * Packages whose files are here: their rows and their folders under RETRACE_REPO_DIR/RELEASE, from the rename that puts
 * them there to the one that takes them away. Owns `package.folder`, `package.kept*`, `package_file`, and what a kept
 * file adds to `build_id`.
 */
import { Buffer } from 'node:buffer'
import { existsSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Database } from '../../database/database.ts'
import { packagesInUse } from '../index/use.ts'
import { chargeContents, passOnContents, shareContents } from './content.ts'
import { makeFolder } from '../../files/folder.ts'
import type { KeptEntry } from './unpack.ts'
import { unixSeconds } from '../../units/time.ts'

/** Under RETRACE_REPO_DIR: packages that come and go. */
export const WORK_FOLDER = '.fetch'

export interface KeptPackage {
  id: number
  release: string
  folder: string
}

const KEPT = `SELECT p.id, r.name AS release, p.folder FROM package p JOIN release r ON r.id = p.release_id
  WHERE p.kept IS NOT NULL`

/** All kept packages, the longest unused first. */
export function keptPackages(database: Database): KeptPackage[] {
  return database.$client.prepare(`${KEPT} ORDER BY p.used, p.id`).all() as KeptPackage[]
}

/** Bytes on the disk of all of them; what several hold is counted once. */
export function keptBytes(database: Database): number {
  return database.$client.prepare('SELECT coalesce(sum(kept_bytes), 0) FROM package WHERE kept IS NOT NULL')
    .pluck().get() as number
}

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
  database.$client.transaction(() => {
    chargeContents(database, repoDir, { id, folder: temporary, entries, looked })
    recordKept(database, { id, folder }, entries)
    // With the lock held: whoever looks for folders without a row never sees this one.
    renameSync(temporary, target)
  }).immediate()
}

function recordKept(database: Database, { id, folder }: { id: number; folder: string }, entries: KeptEntry[]): void {
  const client = database.$client
  const file = client.prepare(
    `INSERT INTO package_file
       (package_id, path, role, size, build_id, has_debug, alt_build_id, target, sha256, is_shared)
     VALUES (:id, :path, :role, :size, :buildId, :hasDebug, :altBuildId, :target, :sha256, :isShared)`,
  )
  const buildId = client.prepare('INSERT OR IGNORE INTO build_id (build_id, role, package_id) VALUES (?, ?, ?)')
  const now = unixSeconds()
  client.prepare('DELETE FROM package_file WHERE package_id = ?').run(id)
  for (const entry of entries) {
    const bytes = fromHex(entry.buildId)
    file.run({
      id,
      path: entry.path,
      role: entry.role,
      size: entry.size,
      buildId: bytes,
      hasDebug: entry.hasDebug ? 1 : 0,
      altBuildId: fromHex(entry.altBuildId),
      target: entry.target ?? null,
      sha256: fromHex(entry.sha256),
      isShared: entry.isShared ? 1 : 0,
    })
    if (bytes !== null) buildId.run(bytes, entry.role, id)
  }
  const bytes = entries.reduce((sum, { size, isShared }) => isShared ? sum : sum + size, 0)
  client.prepare('UPDATE package SET folder = ?, kept = ?, kept_bytes = ?, used = ? WHERE id = ?')
    .run(folder, now, bytes, now, id)
}

function fromHex(text: string | undefined): Buffer | null {
  return text === undefined ? null : Buffer.from(text, 'hex')
}

/**
 * A kept file is not there, or not what it was. The whole package is noted as lost, to be fetched again; where it can
 * be had no more, just the file is, since the others may be the last copies of theirs.
 */
export function noteLost(database: Database, { id, path }: { id: number; path: string }): void {
  const client = database.$client
  client.transaction(() => {
    if (canBeFetched(database, id)) forgetRows(database, id)
    else {
      client.prepare(
        `UPDATE package SET kept_bytes = kept_bytes - coalesce(
           (SELECT size FROM package_file WHERE package_id = :id AND path = :path AND is_shared = 0), 0) WHERE id = :id`,
      ).run({ id, path })
      client.prepare('DELETE FROM package_file WHERE package_id = ? AND path = ?').run(id, path)
    }
  }).immediate()
}

/** Whether a repository has it now. */
export function canBeFetched(database: Database, id: number): boolean {
  return database.$client.prepare('SELECT 1 FROM package_location WHERE package_id = ? LIMIT 1').get(id) !== undefined
}

/** Its files are not here any more; the package stays known. The bytes that this frees on the disk. */
export function forgetRows(database: Database, id: number): number {
  const client = database.$client
  const own = client.prepare('SELECT coalesce(kept_bytes, 0) FROM package WHERE id = ?').pluck().get(id) as number
  const passedOn = passOnContents(database, id)
  client.prepare('UPDATE package SET folder = NULL, kept = NULL, kept_bytes = NULL WHERE id = ?').run(id)
  client.prepare('DELETE FROM package_file WHERE package_id = ?').run(id)
  return own - passedOn
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
  const freed = database.$client.transaction(() => {
    if (packagesInUse(database).has(id)) return undefined
    const bytes = forgetRows(database, id)
    const place = join(repoDir, release, folder)
    if (existsSync(place)) renameSync(place, going)
    return bytes
  }).immediate()
  rmSync(going, { recursive: true, force: true })
  return freed
}
