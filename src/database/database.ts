/**
 * The SQLite database: opened here and nowhere else, by the server, the workers and the programs at once.
 * WAL with `synchronous = NORMAL`: nothing in it decides whether an accepted task is lost (the spool does).
 */
import { constants, existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type BetterSQLite3Database, drizzle } from 'drizzle-orm/better-sqlite3'
import { migrate } from 'drizzle-orm/better-sqlite3/migrator'
import { readMigrationFiles } from 'drizzle-orm/migrator'
import { isAllowed } from '../files/access.ts'
import { makeFolders } from '../files/folder.ts'
import { errnoOf } from '../errors/errno.ts'
import { UsageError } from '../errors/usage_error.ts'
import { installationRoot, version } from '../program/program.ts'
import { assertWritable } from './upkeep.ts'
import { Sqlite, type SqliteConnection } from './driver.ts'

/** A connection; `$client` is the driver below, for what only SQL can say. */
export type Database = BetterSQLite3Database & { $client: SqliteConnection }

/**
 * Opens, and with `migrate` first makes or migrates, the database in `file` (an absolute path). With `demandCurrent`
 * throws OlderDatabase for one that was not migrated to this version, and UsageError for one that a newer version made:
 * for programs that look, and change nothing. Throws UsageError naming the setting when there is no way to open it.
 */
export function openDatabase(file: string, options: { migrate?: boolean; demandCurrent?: boolean } = {}): Database {
  const client = openFile(file, options)
  try {
    // It stays so in the file; who migrates nothing changes nothing of a file that it only looks at.
    if (options.migrate) client.pragma('journal_mode = WAL')
    client.pragma('synchronous = NORMAL')
    client.pragma('foreign_keys = ON')
    const database = drizzle(client)
    if (options.migrate) {
      migrateForward(database, file)
      demandWritable(database, file)
    }
    remember(database, file)
    if (options.demandCurrent && ageOf(database, file) === 'older') throw new OlderDatabase(file)
    return database
  } catch (cause) {
    client.close()
    throw describeDamage(file, cause)
  }
}

/** A database that has the tables of this version and no rows, in memory: what there is where there is no file. */
export function emptyDatabase(): Database {
  const database = drizzle(new Sqlite(':memory:'))
  migrateForward(database, ':memory:')
  return database
}

/** The file was made by an older version, and whoever opened it does not migrate. */
export class OlderDatabase extends UsageError {
  override name = 'OlderDatabase'

  constructor(file: string) {
    super(
      `RETRACE_DATABASE (${file}) was made by an older version than this one, ${version()}: ` +
        'start the server or run abrt-reposync, which migrate it',
    )
  }
}

function openFile(file: string, { migrate }: { migrate?: boolean }): SqliteConnection {
  try {
    if (migrate) makePlace(file)
    demandPlain(file)
    if (migrate) {
      const why = severalNames(file)
      if (why !== undefined) throw new UsageError(why)
    }
    return new Sqlite(file, { fileMustExist: !migrate, timeout: 30_000 })
  } catch (cause) {
    // Where nothing has to be made, a file that is missing is the caller's to judge.
    if (!migrate && !existsSync(file)) throw cause
    throw cause instanceof UsageError ? cause : notOpened(file, cause)
  }
}

/**
 * What is wrong where a file has further names (hard links). The log of SQLite, and our lock, lie beside the name by which it was opened:
 * two programs that come by two names do not see each other, and damage it (https://www.sqlite.org/howtocorrupt.html, 2.5).
 */
export function severalNames(file: string): string | undefined {
  const found = statSync(file, { throwIfNoEntry: false })
  // A folder has further names by its nature, and is refused as what it is.
  if (found === undefined || !found.isFile() || found.nlink <= 1) return undefined
  const names = found.nlink
  return `RETRACE_DATABASE (${file}) has ${names} names: a program that comes by another one would damage it. ` +
    `Remove the others ('find DIR -samefile ${file}' tells them), or make it a file of its own: cp it, then mv the copy there`
}

/** A pipe would be waited for, and SQLite writes beside a device. */
function demandPlain(file: string): void {
  const found = statSync(file, { throwIfNoEntry: false })
  if (found !== undefined && !found.isFile()) throw notOpened(file, undefined)
}

/** The folder of a database that may be made. Throws UsageError naming the setting where there can be none. */
export function makePlace(file: string): void {
  try {
    makeFolders(dirname(file), 0o700)
  } catch (cause) {
    throw notOpened(file, cause)
  }
  demandPlain(file)
}

function notOpened(file: string, cause: unknown): UsageError {
  return new UsageError(`RETRACE_DATABASE (${file}) cannot be opened: ${whyNotOpened(file, cause)}`, { cause })
}

function whyNotOpened(file: string, cause: unknown): string {
  const found = existsSync(file) ? statSync(file) : undefined
  if (found?.isDirectory()) return 'it is a folder; name a file in it'
  if (found?.isFile() === false) return 'it is no plain file; name one'
  const code = errnoOf(cause)
  if (found !== undefined && code === 'SQLITE_CANTOPEN' && !isAllowed(file, constants.R_OK)) {
    return 'this user may not read it; give it, its folder and the files beside it to the user as whom the server runs'
  }
  return code ?? String(cause)
}

/** The file of each connection that was opened, as `DEVICE:INODE`. */
const FILES = new WeakMap<Database, { file: string; identity: string | undefined }>()

function remember(database: Database, file: string): void {
  FILES.set(database, { file, identity: identityOf(file) })
}

function identityOf(file: string): string | undefined {
  const found = existsSync(file) ? statSync(file) : undefined
  return found === undefined ? undefined : `${found.dev}:${found.ino}`
}

/** Whether the file is still the one that was opened: SQLite goes on in one that was deleted, where nobody finds it. */
export function isInPlace(database: Database): boolean {
  const known = FILES.get(database)
  return known === undefined || identityOf(known.file) === known.identity
}

/** Closes it; later queries throw. */
export function closeDatabase(database: Database): void {
  database.$client.close()
}

/** Whether it is still open: what is given back at the end of a program may come after the database was closed. */
export function isOpen(database: Database): boolean {
  return database.$client.open
}

/** Throws UsageError for a file that this user may only read; one that is being written just now is well. */
function demandWritable(database: Database, file: string): void {
  try {
    assertWritable(database)
  } catch (cause) {
    const code = errnoOf(cause) ?? ''
    if (code.startsWith('SQLITE_BUSY')) return
    throw code.startsWith('SQLITE_READONLY') ? mayOnlyBeRead(file, cause) : cause
  }
}

/** The refusal of a file that this user may only read. */
export function mayOnlyBeRead(file: string, cause: unknown): UsageError {
  return new UsageError(
    `RETRACE_DATABASE (${file}) may only be read by this user: give it, its folder and the files beside it to the user ` +
      'as whom the server runs',
    { cause },
  )
}

/** Applies the migrations that the file does not have yet. Throws UsageError for one that a newer program made. */
function migrateForward(database: Database, file: string) {
  if (ageOf(database, file) === 'older') migrate(database, { migrationsFolder: migrationsFolder() })
}

/** Whether migrations are to be done. Throws UsageError for a file that a newer version made. */
function ageOf(database: Database, file: string): 'older' | 'current' {
  const has = database.$client.prepare(`SELECT 1 FROM sqlite_master WHERE name = '__drizzle_migrations'`).get()
  const { newest } = has === undefined
    ? { newest: 0 }
    : database.$client.prepare('SELECT max(created_at) AS newest FROM __drizzle_migrations').get() as {
      newest: number | null
    }
  const migrations = readMigrationFiles({ migrationsFolder: migrationsFolder() })
  const known = Math.max(...migrations.map(({ folderMillis }) => folderMillis))
  if ((newest ?? 0) > known) {
    throw new UsageError(
      `RETRACE_DATABASE (${file}) was made by a newer version than this one, ${version()}: install that version again, ` +
        'or restore the backup that was taken before the upgrade',
    )
  }
  return (newest ?? 0) < known ? 'older' : 'current'
}

function migrationsFolder(): string {
  return join(installationRoot(), 'schema', 'migrations')
}

/** What an administrator can do about a file that SQLite cannot use. */
function describeDamage(file: string, cause: unknown): unknown {
  const code = errnoOf(cause) ?? ''
  if (code.startsWith('SQLITE_READONLY')) return mayOnlyBeRead(file, cause)
  if (code !== 'SQLITE_NOTADB' && !code.startsWith('SQLITE_CORRUPT')) return cause
  return new UsageError(
    `RETRACE_DATABASE (${file}) is damaged (${code}): restore a backup, or move it away and run abrt-reposync: ` +
      'tasks stay, only the times of packages are lost, and package files are fetched again',
    { cause },
  )
}
