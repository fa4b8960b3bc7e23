/**
 * The SQLite database: opened here and nowhere else, by the server, the workers and the programs at once.
 * WAL with `synchronous = NORMAL`: nothing in it decides whether an accepted task is lost (the spool does).
 */
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type BetterSQLite3Database, drizzle } from 'drizzle-orm/better-sqlite3'
import { migrate } from 'drizzle-orm/better-sqlite3/migrator'
import { readMigrationFiles } from 'drizzle-orm/migrator'
import { errnoOf } from '../errors/errno.ts'
import { UsageError } from '../errors/usage_error.ts'
import { installationRoot, version } from '../program/program.ts'
import { Sqlite, type SqliteConnection } from './driver.ts'

/** A connection; `$client` is the driver below, for what only SQL can say. */
export type Database = BetterSQLite3Database & { $client: SqliteConnection }

/** Opens, and with `migrate` first makes or migrates, the database in `file` (an absolute path). */
export function openDatabase(file: string, options: { migrate?: boolean } = {}): Database {
  if (options.migrate) mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const client = new Sqlite(file, { fileMustExist: !options.migrate, timeout: 30_000 })
  try {
    client.pragma('journal_mode = WAL')
    client.pragma('synchronous = NORMAL')
    client.pragma('foreign_keys = ON')
    const database = drizzle(client)
    if (options.migrate) migrateForward(database, file)
    return database
  } catch (cause) {
    client.close()
    throw describeDamage(file, cause)
  }
}

/** Closes it; later queries throw. */
export function closeDatabase(database: Database): void {
  database.$client.close()
}

/** Whether it is still open: what is given back at the end of a program may come after the database was closed. */
export function isOpen(database: Database): boolean {
  return database.$client.open
}

/** Applies the migrations that the file does not have yet. Throws UsageError for one that a newer program made. */
function migrateForward(database: Database, file: string) {
  const migrationsFolder = join(installationRoot(), 'schema', 'migrations')
  const has = database.$client.prepare(`SELECT 1 FROM sqlite_master WHERE name = '__drizzle_migrations'`).get()
  const { newest } = has === undefined
    ? { newest: 0 }
    : database.$client.prepare('SELECT max(created_at) AS newest FROM __drizzle_migrations').get() as { newest: number }
  const known = Math.max(...readMigrationFiles({ migrationsFolder }).map(({ folderMillis }) => folderMillis))
  if (newest > known) {
    throw new UsageError(
      `RETRACE_DATABASE (${file}) was made by a newer version than this one, ${version()}: install that version again, ` +
        'or restore the backup that was taken before the upgrade',
    )
  }
  migrate(database, { migrationsFolder })
}

/** What an administrator can do about a file that SQLite cannot use. */
function describeDamage(file: string, cause: unknown): unknown {
  const code = errnoOf(cause) ?? ''
  if (code !== 'SQLITE_NOTADB' && !code.startsWith('SQLITE_CORRUPT')) return cause
  return new UsageError(
    `RETRACE_DATABASE (${file}) is damaged (${code}): restore a backup, or move it away and run abrt-reposync: ` +
      'tasks stay, only the times of packages are lost, and package files are fetched again',
    { cause },
  )
}
