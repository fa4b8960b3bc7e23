/**
 * Packages whose files are here: their rows, their folders under RETRACE_REPO_DIR/RELEASE, and whether the two agree.
 * Owns `package.folder`, `package.kept*`, `package_file`, and what a kept file adds to `build_id`.
 */
import { Buffer } from 'node:buffer'
import { lstatSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Database } from '../../database.ts'
import { readElfFile } from '../../elf/file.ts'
import { fileSource } from '../../elf/source.ts'
import type { KeptEntry } from './unpack.ts'

export interface KeptPackage {
  id: number
  release: string
  folder: string
}

/** All kept packages, the oldest first. */
export function keptPackages(database: Database): KeptPackage[] {
  return database.$client.prepare(
    `SELECT p.id, r.name AS release, p.folder FROM package p JOIN release r ON r.id = p.release_id
     WHERE p.kept IS NOT NULL ORDER BY p.kept, p.id`,
  ).all() as KeptPackage[]
}

/** Notes that a package's files are in its folder, in one transaction. */
export function recordKept(
  database: Database,
  { id, folder }: { id: number; folder: string },
  entries: KeptEntry[],
): void {
  const client = database.$client
  const file = client.prepare(
    `INSERT INTO package_file (package_id, path, role, size, build_id, has_debug, alt_build_id, target)
     VALUES (:id, :path, :role, :size, :buildId, :hasDebug, :altBuildId, :target)`,
  )
  const buildId = client.prepare('INSERT OR IGNORE INTO build_id (build_id, role, package_id) VALUES (?, ?, ?)')
  const now = Math.floor(Date.now() / 1000)
  client.transaction(() => {
    client.prepare('DELETE FROM package_file WHERE package_id = ?').run(id)
    for (const entry of entries) {
      const bytes = entry.buildId === undefined ? null : Buffer.from(entry.buildId, 'hex')
      file.run({
        id,
        path: entry.path,
        role: entry.role,
        size: entry.size,
        buildId: bytes,
        hasDebug: entry.hasDebug ? 1 : 0,
        altBuildId: entry.altBuildId === undefined ? null : Buffer.from(entry.altBuildId, 'hex'),
        target: entry.target ?? null,
      })
      if (bytes !== null) buildId.run(bytes, entry.role, id)
    }
    const bytes = entries.reduce((sum, entry) => sum + entry.size, 0)
    client.prepare('UPDATE package SET folder = ?, kept = ?, kept_bytes = ?, used = ? WHERE id = ?')
      .run(folder, now, bytes, now, id)
  }).immediate()
}

/** Notes that a package's files are not here, or not whole: it will be fetched again. Its folder stays as it is. */
export function noteLost(database: Database, id: number): void {
  database.$client.transaction(() => {
    database.$client.prepare('UPDATE package SET folder = NULL, kept = NULL, kept_bytes = NULL WHERE id = ?').run(id)
    database.$client.prepare('DELETE FROM package_file WHERE package_id = ?').run(id)
  }).immediate()
}

/** Forgets the files of a package and removes them; the package stays known. */
export function forgetKept(database: Database, repoDir: string, { id, release, folder }: KeptPackage): void {
  noteLost(database, id)
  rmSync(join(repoDir, release, folder), { recursive: true, force: true })
}

/** Sentences on what differs between the index and the folder; none when it is whole. */
export function verifyKeptPackage(database: Database, repoDir: string, { id, release, folder }: KeptPackage): string[] {
  const rows = database.$client.prepare(
    'SELECT path, role, size, build_id AS buildId FROM package_file WHERE package_id = ?',
  )
    .all(id) as { path: string; role: string; size: number; buildId: Buffer | null }[]
  const faults: string[] = []
  for (const row of rows) {
    const file = join(repoDir, release, folder, row.path)
    const found = lstatSync(file, { throwIfNoEntry: false })
    if (found === undefined) faults.push(`${row.path} is not there`)
    else if (row.role === 'link' && !found.isSymbolicLink()) faults.push(`${row.path} is no link`)
    else if (row.role !== 'link' && (!found.isFile() || found.size !== row.size)) {
      faults.push(`${row.path} is of another size`)
    } else if (row.buildId !== null && buildIdOf(file) !== row.buildId.toString('hex')) {
      faults.push(`${row.path} has another build-id`)
    }
  }
  return faults
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
