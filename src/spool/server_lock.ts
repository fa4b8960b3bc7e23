/**
 * One server per database and per spool: a second one would take the uploads of the first for left-overs and run its
 * tasks again. The locks are SQLite's, on a file beside the database and one in the spool: the system gives them back
 * when the process ends, however it does.
 */
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Config } from '../config/config.ts'
import { Sqlite, type SqliteConnection } from '../database/driver.ts'
import { errnoOf } from '../errors/errno.ts'
import { lockHolders } from '../process/proc.ts'
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

/** Both, or none. */
export function takeLocks(config: Pick<Config, 'database' | 'spoolDir'>): Disposable {
  const database = takeLock(config)
  try {
    const spool = takeSpoolLock(config)
    return {
      [Symbol.dispose]() {
        spool[Symbol.dispose]()
        database[Symbol.dispose]()
      },
    }
  } catch (cause) {
    database[Symbol.dispose]()
    throw cause
  }
}

function take(file: string, setting: string): Disposable {
  const client = opened(file, setting)
  try {
    client.pragma('journal_mode = MEMORY')
    // SQLite opens a file that may only be read all the same, and then BEGIN EXCLUSIVE locks nothing: a write tells.
    client.exec('BEGIN EXCLUSIVE; PRAGMA user_version = 1')
  } catch (cause) {
    client.close()
    const code = errnoOf(cause) ?? ''
    if (code.startsWith('SQLITE_BUSY')) {
      const more = 'stop it first, or give this one its own'
      throw new UsageError(`Another server runs with this ${setting}; ${more}`, { cause })
    }
    throw new UsageError(`${setting} cannot be used: its lock ${file} ${whyNoLock(code)}`, { cause })
  }
  return {
    [Symbol.dispose]() {
      client.close()
    },
  }
}

function whyNoLock(code: string): string {
  if (!code.startsWith('SQLITE_READONLY')) return `cannot be taken (${code})`
  return 'may only be read by this user: run as the user whose it is; where no server runs, give it to the user as whom the ' +
    'server runs'
}

function opened(file: string, setting: string) {
  try {
    return new Sqlite(file, { timeout: PATIENCE_MS })
  } catch (cause) {
    const why = lockNotOurs(file) ?? lockNotOurs(dirname(file)) ?? `${errnoOf(cause) ?? cause}`
    throw new UsageError(`${setting} cannot be used: its lock ${file} cannot be opened: ${why}`, { cause })
  }
}

/** Whether a server works with this database or this spool now. */
export function isServerRunning({ database, spoolDir }: Pick<Config, 'database' | 'spoolDir'>): boolean {
  return isHeld(lockOfDatabase(database)) || isHeld(lockOfSpool(spoolDir))
}

/** The process of that server; undefined: none runs, or nobody says which it is. */
export function serverProcess({ database, spoolDir }: Pick<Config, 'database' | 'spoolDir'>): number | undefined {
  return [lockOfDatabase(database), lockOfSpool(spoolDir)].flatMap((file) => {
    const inode = statSync(file, { throwIfNoEntry: false })?.ino
    return inode === undefined ? [] : lockHolders(inode)
  }).find((pid) => pid > 0)
}

/** Whether another server works with this spool, and with another database. */
export function isSpoolTaken({ database, spoolDir }: Pick<Config, 'database' | 'spoolDir'>): boolean {
  return isHeld(lockOfSpool(spoolDir)) && !isHeld(lockOfDatabase(database))
}

/** To find out, the lock is taken for an instant. */
function isHeld(file: string): boolean {
  if (!existsSync(file)) return false
  let client: SqliteConnection | undefined
  try {
    client = new Sqlite(file, { timeout: 0, readonly: true })
    client.prepare('SELECT 1 FROM sqlite_master').get()
    return false
  } catch (cause) {
    if (errnoOf(cause) === 'SQLITE_BUSY') return true
    const more = 'run as the user as whom the server runs'
    throw new UsageError(`Nobody can say whether a server runs: ${file} cannot be read; ${more}`, { cause })
  } finally {
    client?.close()
  }
}

/** Why this user could not take the locks, where they are there: `file` and errno; undefined: it could. */
export function lockNotOurs(file: string): string | undefined {
  try {
    if (existsSync(file)) accessSync(file, constants.R_OK | constants.W_OK)
    return undefined
  } catch (cause) {
    return `${file} cannot be written to (${errnoOf(cause) ?? cause})`
  }
}

export function lockOfDatabase(database: string): string {
  return `${database}.lock`
}

export function lockOfSpool(spoolDir: string): string {
  return join(spoolDir, 'server.lock')
}
