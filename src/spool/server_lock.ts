/**
 * One server per database and per spool: a second one would take the uploads of the first for left-overs and run its
 * tasks again. The locks are SQLite's, on a file beside the database and one in the spool: the system gives them back
 * when the process ends, however it does.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import { Sqlite } from '../database/driver.ts'
import { errnoOf } from '../errors/errno.ts'
import { UsageError } from '../errors/usage_error.ts'

/** Long enough for another program's look at the lock, short enough for an administrator. */
const PATIENCE_MS = 1000

/** Takes the lock of the database until it is disposed. Throws UsageError when another server has it. */
export function takeLock({ database }: Pick<Config, 'database'>): Disposable {
  return take(lockOfDatabase(database), `RETRACE_DATABASE (${database})`)
}

/** Takes the lock of the spool, which must be there, until it is disposed. Throws UsageError when another has it. */
export function takeSpoolLock({ spoolDir }: Pick<Config, 'spoolDir'>): Disposable {
  return take(lockOfSpool(spoolDir), `RETRACE_SPOOL_DIR (${spoolDir})`)
}

function take(file: string, setting: string): Disposable {
  const client = opened(file, setting)
  try {
    client.pragma('journal_mode = MEMORY')
    client.exec('BEGIN EXCLUSIVE')
  } catch (cause) {
    client.close()
    if (errnoOf(cause) !== 'SQLITE_BUSY') throw cause
    throw new UsageError(`Another server runs with this ${setting}; stop it first, or give this one its own`, { cause })
  }
  return {
    [Symbol.dispose]() {
      client.close()
    },
  }
}

function opened(file: string, setting: string) {
  try {
    return new Sqlite(file, { timeout: PATIENCE_MS })
  } catch (cause) {
    throw new UsageError(`${setting} cannot be used: its lock ${file} cannot be opened (${errnoOf(cause) ?? cause})`, {
      cause,
    })
  }
}

/** Whether a server works with this database or this spool now. */
export function isServerRunning({ database, spoolDir }: Pick<Config, 'database' | 'spoolDir'>): boolean {
  return isHeld(lockOfDatabase(database)) || isHeld(lockOfSpool(spoolDir))
}

/** To find out, the lock is taken for an instant. */
function isHeld(file: string): boolean {
  if (!existsSync(file)) return false
  const client = new Sqlite(file, { timeout: 0, readonly: true })
  try {
    client.prepare('SELECT 1 FROM sqlite_master').get()
    return false
  } catch (cause) {
    if (errnoOf(cause) === 'SQLITE_BUSY') return true
    throw cause
  } finally {
    client.close()
  }
}

function lockOfDatabase(database: string): string {
  return `${database}.lock`
}

function lockOfSpool(spoolDir: string): string {
  return join(spoolDir, 'server.lock')
}
