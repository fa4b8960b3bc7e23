/**
 * What is made of kept debuginfo so that a debugger reads it faster: indices, as it makes them itself, with which it need not read all
 * of a file to find a name, and copies whose sections are not compressed. They lie in the folder of the file's package and go with it, are
 * counted with it, and cost no package its place. An empty one says that none could be made, or is of no use, so that
 * nobody tries again. What an index holds, and whether it can be used, is the debugger's.
 */
import { Buffer } from 'node:buffer'
import { chmodSync, lstatSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Config } from '../../config/config.ts'
import type { Database } from '../../database/database.ts'
import { FILE_MODE, makeFolder } from '../../files/folder.ts'
import { freeBytes } from '../../files/space.ts'
import { hex, KIB, MIB } from '../../units/bytes.ts'
import { addFile, type DebugFile, debugFiles, forgetFile, indexFiles } from '../index/files.ts'
import { packageAgain } from '../index/packages.ts'
import { packagesInUse } from '../index/use.ts'
import { sha256OfFile } from './content.ts'
import { charge, keptBytes } from './kept_packages.ts'
import { assertRoom } from './room.ts'

const FOLDER = '/.gdb-index'
/** Bytes of a file: a debugger reads smaller ones as fast without. */
const LEAST_BYTES = 256 * KIB
/** Who makes copies: no debugger has this name. */
const PLAIN = 'decompressed'

/** In a package, with its leading slash: the index of a build-id (lower-case hex) that a debugger called `key` has made. */
export function indexPath(key: string, buildId: string): string {
  return `${FOLDER}/${key}/${buildId}.gdb-index`
}

/** The same for a copy of a debug file or dwz file that is not compressed. */
export function plainPath(buildId: string): string {
  return `${FOLDER}/${PLAIN}/${buildId}.debug`
}

export function isIndexPath(path: string): boolean {
  return path.startsWith(`${FOLDER}/`)
}

/** Debug files that `key` has no index of yet, those first that were used last. */
export function filesWithoutIndex(
  database: Database,
  { key, leastBytes = LEAST_BYTES }: { key: string; leastBytes?: number | undefined },
): DebugFile[] {
  return without(database, debugFiles(database, { leastBytes, that: 'are-no-dwz' }), (id) => indexPath(key, id))
}

/** Debug files and dwz files of which there is no copy that is not compressed, nor the word that one is of no use. */
export function filesWithoutCopy(database: Database, leastBytes = LEAST_BYTES): DebugFile[] {
  return without(database, debugFiles(database, { leastBytes, that: 'have-no-code' }), plainPath)
}

function without(database: Database, files: DebugFile[], pathOf: (buildId: string) => string): DebugFile[] {
  const known = new Set(indexFiles(database).map(({ id, path }) => `${id}${path}`))
  return files.filter(({ id, buildId }) => !known.has(`${id}${pathOf(hex(buildId))}`))
}

/** Whether a copy of so many bytes would leave room for as much again as is kept: packages come first. */
export function hasRoomToSpare(
  database: Database,
  { repoDir, repoQuotaMb, minFreeMb }: Pick<Config, 'repoDir' | 'repoQuotaMb' | 'minFreeMb'>,
  bytes: number,
): boolean {
  const kept = keptBytes(database)
  const isWithin = repoQuotaMb === 0 || 2 * (kept + bytes) <= repoQuotaMb * MIB
  return isWithin && freeBytes(repoDir) - bytes >= Math.max(minFreeMb * MIB, kept)
}

/**
 * Puts what was made of a file into its package, under a path that it has there; without that, an empty file. `none`: there is no
 * room for it, or the package is gone.
 */
export async function putBeside(
  database: Database,
  { repoDir, repoQuotaMb, minFreeMb }: Pick<Config, 'repoDir' | 'repoQuotaMb' | 'minFreeMb'>,
  { of, path, file }: { of: Pick<DebugFile, 'id' | 'release' | 'folder'>; path: string; file: string },
): Promise<'put' | 'none'> {
  if (lstatSync(file, { throwIfNoEntry: false })?.isFile() !== true) writeFileSync(file, '')
  const { size } = lstatSync(file)
  assertRoom(repoDir, { minFreeMb, bytes: 0 })
  const sha256 = await sha256OfFile(file)
  return database.transaction(() => {
    const folder = packageAgain(database, of.id)?.folder
    const isOver = repoQuotaMb > 0 && keptBytes(database) + size > repoQuotaMb * MIB
    if (folder !== of.folder || sha256 === undefined || isOver) return 'none'
    const target = join(repoDir, of.release, folder, path)
    makeFolder(dirname(target))
    chmodSync(file, FILE_MODE)
    forgetIndex(database, { id: of.id, path })
    addFile(database, {
      ...{
        packageId: of.id,
        path,
        role: 'index',
        size,
        buildId: null,
        hasDebug: false,
        altBuildId: null,
        target: null,
      },
      // Of nothing there is nothing that another could share.
      sha256: size === 0 ? null : Buffer.from(sha256, 'hex'),
      isShared: false,
    })
    charge(database, of.id, size)
    renameSync(file, target)
    return 'put'
  }, { behavior: 'immediate' })
}

/** Removes indices that other debuggers than these have made, or older versions of them. */
export function removeOtherIndexes(database: Database, repoDir: string, keys: readonly string[]): void {
  for (const { id, release, folder, path } of indexFiles(database)) {
    if (folder === null || [PLAIN, ...keys].some((key) => path.startsWith(`${FOLDER}/${key}/`))) continue
    database.transaction(() => forgetIndex(database, { id, path }), { behavior: 'immediate' })
    rmSync(join(repoDir, release, folder, path), { force: true })
  }
}

/** Copies of kept packages, those of the longest unused first. */
export function copies(database: Database): { id: number; release: string; folder: string; path: string }[] {
  return indexFiles(database).flatMap(({ folder, ...file }) =>
    folder === null || !file.path.startsWith(`${FOLDER}/${PLAIN}/`) ? [] : [{ folder, ...file }]
  )
}

/** Removes a copy, unless a running task uses its package; the bytes that this frees. */
export function removeCopy(database: Database, repoDir: string, copy: ReturnType<typeof copies>[number]): number {
  return database.transaction(() => {
    if (packagesInUse(database).has(copy.id)) return 0
    rmSync(join(repoDir, copy.release, copy.folder, copy.path), { force: true })
    return forgetIndex(database, copy)
  }, { behavior: 'immediate' })
}

/** Notes that an index is not here any more: that costs its package nothing. */
export function forgetIndex(database: Database, { id, path }: { id: number; path: string }): number {
  const bytes = forgetFile(database, { id, path })
  if (bytes > 0) charge(database, id, -bytes)
  return bytes
}
