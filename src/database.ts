/**
 * The SQLite database: opened here and nowhere else, by the server, the workers and the programs at once.
 * WAL with `synchronous = NORMAL`: nothing in it decides whether an accepted task is lost (the spool does).
 */
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { drizzle } from 'drizzle-orm/better-sqlite3'
import { migrate } from 'drizzle-orm/better-sqlite3/migrator'
import { installationRoot } from './program.ts'
import * as tables from '../schema/tables.ts'

export type Database = ReturnType<typeof openDatabase>

/** Opens, and with `migrate` first makes or migrates, the database in `file` (an absolute path). */
export function openDatabase(file: string, options: { migrate?: boolean } = {}) {
  if (options.migrate) mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const client = new Sqlite(file, { fileMustExist: !options.migrate, timeout: 30_000 })
  client.pragma('journal_mode = WAL')
  client.pragma('synchronous = NORMAL')
  client.pragma('foreign_keys = ON')
  const database = drizzle(client, { schema: tables })
  if (options.migrate) migrate(database, { migrationsFolder: join(installationRoot(), 'schema', 'migrations') })
  return database
}
