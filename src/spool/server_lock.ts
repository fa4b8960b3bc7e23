/**
 * One server per database and per spool: a second one would take the uploads of the first for left-overs and run its
 * tasks again. The locks are SQLite's, on a file beside the database and one in the spool: the system gives them back
 * when the process ends, however it does. Whoever deletes such a file under a server lets no second one in: that looks for
 * who holds what was deleted, and the first one makes its file anew.
 */
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Config } from '../config/config.ts'
import { Sqlite, type SqliteConnection } from '../database/driver.ts'
import { errnoOf } from '../errors/errno.ts'
import { finalPath } from '../files/final_path.ts'
import { deletedLockHolder, lockHolders, whereOpen } from '../process/proc.ts'
import { log } from '../telemetry/log.ts'
import { UsageError } from '../errors/usage_error.ts'

/** Long enough for another program's look at the lock, short enough for an administrator. */
const PATIENCE_MS = 1000
/** How often a server looks whether its files are still the ones that it locked. */
const WATCH_MS = 1000

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
  const holder = deletedLockHolder(file)
  if (holder !== undefined) throw anotherServer(setting, ` (process ${holder}; its lock ${file} was deleted)`)
  let held = locked(file, setting)
  let isTold = false
  const isSame = () => held.identity() === identityOf(file) || !existsSync(dirname(file))
  const watch = setInterval(() => {
    try {
      // Throws where the file system does not answer: then it is unchanged as far as anybody knows.
      if (isSame()) {
        isTold = false
        return
      }
      const again = locked(file, setting, 0)
      held.client.close()
      held = again
      isTold = false
      log('server').warning(`${file}, the lock of ${setting}, was deleted or replaced while the server ran: made anew`)
    } catch (cause) {
      if (!isTold) {
        log('server').error(
          `The lock of ${setting} cannot be looked at, or was deleted or replaced while the server ran: ${cause}`,
        )
      }
      isTold = true
    }
  }, WATCH_MS).unref()
  return {
    [Symbol.dispose]() {
      clearInterval(watch)
      held.client.close()
    },
  }
}

function anotherServer(setting: string, which = '', options: ErrorOptions = {}): UsageError {
  const more = 'stop it first, or give this one its own'
  return new UsageError(`Another server runs with this ${setting}${which}; ${more}`, options)
}

/**
 * A lock that is held until `client` is closed, and the numbers that its file has now: there are file systems that change them, and
 * another lock on the same file would go with this one.
 */
function locked(
  file: string,
  setting: string,
  timeout = PATIENCE_MS,
): { client: SqliteConnection; identity: () => string | undefined } {
  const client = opened(file, setting, timeout)
  try {
    client.pragma('journal_mode = MEMORY')
    // SQLite opens a file that may only be read all the same, and then BEGIN EXCLUSIVE locks nothing: a write tells.
    client.exec('BEGIN EXCLUSIVE; PRAGMA user_version = 1')
    const first = identityOf(file)
    const open = first === undefined ? undefined : whereOpen(first)
    return { client, identity: () => (open === undefined ? first : identityOf(open)) }
  } catch (cause) {
    client.close()
    const code = errnoOf(cause) ?? ''
    if (code.startsWith('SQLITE_BUSY')) throw anotherServer(setting, '', { cause })
    throw new UsageError(`${setting} cannot be used: its lock ${file} ${whyNoLock(code)}`, { cause })
  }
}

function identityOf(file: string): string | undefined {
  const found = statSync(file, { throwIfNoEntry: false })
  return found === undefined ? undefined : `${found.dev}:${found.ino}`
}

function whyNoLock(code: string): string {
  if (!code.startsWith('SQLITE_READONLY')) return `cannot be taken (${code})`
  return 'may only be read by this user: run as the user whose it is; where no server runs, give it to the user as whom the ' +
    'server runs'
}

function opened(file: string, setting: string, timeout: number): SqliteConnection {
  try {
    return new Sqlite(file, { timeout })
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
  if (deletedLockHolder(file) !== undefined) return true
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

/** Where links lead: whatever name a database is given, its lock is one. */
export function lockOfDatabase(database: string): string {
  return `${finalPath(database)}.lock`
}

export function lockOfSpool(spoolDir: string): string {
  return join(spoolDir, 'server.lock')
}
