/**
 * One server per installation: a second one would take the uploads of the first for left-overs and run its tasks again.
 * The lock is SQLite's, on a file beside the database: the system gives it back when the process ends, however it does.
 */
import { existsSync } from 'node:fs'
import type { Config } from '../config/config.ts'
import { Sqlite } from '../database/driver.ts'
import { errnoOf } from '../errors/errno.ts'
import { UsageError } from '../errors/usage_error.ts'

/** Long enough for another program's look at the lock, short enough for an administrator. */
const PATIENCE_MS = 1000

/** Takes the lock until it is disposed. Throws UsageError when another server has it. */
export function takeLock(config: Pick<Config, 'database'>): Disposable {
  const client = new Sqlite(lockFile(config), { timeout: PATIENCE_MS })
  try {
    client.pragma('journal_mode = MEMORY')
    client.exec('BEGIN EXCLUSIVE')
  } catch (cause) {
    client.close()
    if (errnoOf(cause) !== 'SQLITE_BUSY') throw cause
    throw new UsageError('Another server runs with this RETRACE_DATABASE; stop it first, or give this one its own', {
      cause,
    })
  }
  return {
    [Symbol.dispose]() {
      client.close()
    },
  }
}

/** Whether a server holds the lock now. To find out, the lock is taken for an instant. */
export function isServerRunning(config: Pick<Config, 'database'>): boolean {
  if (!existsSync(lockFile(config))) return false
  const client = new Sqlite(lockFile(config), { timeout: 0, readonly: true })
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

function lockFile({ database }: Pick<Config, 'database'>): string {
  return `${database}.lock`
}
