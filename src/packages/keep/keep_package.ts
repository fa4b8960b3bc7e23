/**
 * A verified package file into the store: unpacked under a temporary name, its debuginfo made as the settings say, put
 * in its place. A failure leaves nothing half-written behind.
 */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { errnoOf } from '../../errors/errno.ts'
import type { Config } from '../../config/config.ts'
import type { Database } from '../../database/database.ts'
import { FetchError } from '../format/error.ts'
import type { PackageFormat } from '../format/format.ts'
import { packageLabel, type PackageRow } from '../index/lookup.ts'
import { decompressDebug } from './decompress_debug.ts'
import { evictOverQuota } from './evict.ts'
import { makeFolder } from '../../files/folder.ts'
import { putInPlace, WORK_FOLDER } from './kept.ts'
import { isFolderTaken } from './kept_packages.ts'
import { assertRoom } from './room.ts'
import { unpack } from './unpack.ts'

export interface KeepContext {
  config: Pick<Config, 'repoDir' | 'minFreeMb' | 'repoQuotaMb' | 'decompressDebug'>
  database: Database
  signal: AbortSignal
}

/** A downloaded package file whose checksums have been verified. */
export interface PackageFile {
  file: string
  format: PackageFormat
  /** Of the package, in lower-case hex. */
  identity: string
}

/**
 * Keeps it, then brings the store under its quota. Whoever calls it holds the package's lease. Throws FetchError
 * 'malformed' or 'no-space'.
 */
export async function keepPackage(row: PackageRow, pack: PackageFile, context: KeepContext): Promise<void> {
  const { config, database, signal } = context
  const temporary = join(config.repoDir, WORK_FOLDER, `${row.id}.new`)
  const hasRoom = (bytes: number) => assertRoom(config.repoDir, { minFreeMb: config.minFreeMb, bytes })
  makeFolder(join(config.repoDir, WORK_FOLDER))
  rmSync(temporary, { recursive: true, force: true })
  try {
    const entries = await unpack(pack.format.members(pack.file, signal), { folder: temporary, assertRoom: hasRoom })
    if (config.decompressDebug) await decompressDebug(entries, { folder: temporary, signal, assertRoom: hasRoom })
    const folder = folderOf(row, pack.identity, database)
    await putInPlace(database, config.repoDir, { id: row.id, release: row.release, folder, temporary, entries })
  } catch (error) {
    if (error instanceof FetchError && error.kind === 'malformed') rmSync(pack.file, { force: true })
    if (errnoOf(error) === 'ENOSPC') {
      throw new FetchError('no-space', `There is no space left to keep ${packageLabel(row)}`, { cause: error })
    }
    throw error
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
  evictOverQuota(database, config)
}

/** The folder's name: NAME_VERSION_ARCH, with a suffix when another content of that name is kept there. */
function folderOf(row: PackageRow, identity: string, database: Database): string {
  const label = packageLabel(row)
  return isFolderTaken(database, row, label) ? `${label}.${identity.slice(0, 8)}` : label
}
