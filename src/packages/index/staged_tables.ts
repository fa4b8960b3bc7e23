/**
 * Temporary tables for a generation on its way into the index: on disk, seen by this connection only. Their columns are
 * those of the tables that they go to; SQLite makes them from what is said here.
 */
import { getTableColumns, getTableName } from 'drizzle-orm'
import { blob, integer, type SQLiteTable, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import type { Database } from '../../database/database.ts'

export const stagedPackage = sqliteTable('staged_package', {
  id: integer('id').primaryKey(),
  /** The package in the index, once it is found or made. */
  packageId: integer('package_id'),
  name: text('name').notNull(),
  version: text('version').notNull(),
  architecture: text('architecture').notNull(),
  source: text('source').notNull(),
  sourceVersion: text('source_version').notNull(),
  /** 0 or 1: what comes by the hundred thousand is not translated. */
  isDebug: integer('is_debug').notNull(),
  size: integer('size').notNull(),
  identity: blob('identity', { mode: 'buffer' }).notNull(),
  path: text('path').notNull(),
  sha512: blob('sha512', { mode: 'buffer' }),
})

/** Build-ids that a staged package names itself. */
export const stagedBuildId = sqliteTable('staged_build_id', {
  stagedId: integer('staged_id').notNull(),
  buildId: blob('build_id', { mode: 'buffer' }).notNull(),
})

/** Build-ids that a list of files names, with the package's content where it says that. */
export const stagedNamedBuildId = sqliteTable('staged_named_build_id', {
  name: text('name').notNull(),
  role: text('role').notNull(),
  identity: blob('identity', { mode: 'buffer' }),
  buildId: blob('build_id', { mode: 'buffer' }).notNull(),
})

export const stagedPath = sqliteTable('staged_path', {
  path: text('path').notNull(),
  name: text('name').notNull(),
})

/** Names of packages that are left out. */
export const stagedLeftOut = sqliteTable('staged_left_out', { name: text('name').notNull() })

const STAGED: readonly SQLiteTable[] = [stagedPackage, stagedBuildId, stagedNamedBuildId, stagedPath, stagedLeftOut]

/** Creates them empty. They have no keys but row ids: each row is written once and read once or twice. */
export function createStaged({ $client: client }: Database): void {
  // Drizzle has no words for temporary tables, nor for how much of them is held in memory.
  client.pragma('temp_store = FILE')
  client.pragma('temp.cache_size = -8000')
  for (const table of STAGED) {
    const columns = Object.values(getTableColumns(table)).map((column) =>
      `"${column.name}" ${column.getSQLType()}${column.primary ? ' PRIMARY KEY' : ''}`
    )
    client.exec(`CREATE TEMP TABLE "${getTableName(table)}" (${columns.join(', ')})`)
  }
}

export function dropStaged({ $client: client }: Database): void {
  for (const table of STAGED) client.exec(`DROP TABLE IF EXISTS temp."${getTableName(table)}"`)
}

/** Bytes of their rows, without the free room that earlier generations left in the temporary file. */
export function stagedBytes({ $client: client }: Database): number {
  const pragma = (name: string) => Number(client.pragma(name, { simple: true }))
  return (pragma('temp.page_count') - pragma('temp.freelist_count')) * pragma('temp.page_size')
}
