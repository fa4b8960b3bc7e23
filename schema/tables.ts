/**
 * Everything that outlives a task (architecture.md, rule 1): how long packages take, which task ids were given, and
 * the index of packages and build-ids. Migrations are generated from this file: `npm run generate`.
 */
import { sql } from 'drizzle-orm'
import { index, integer, real, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** How long a package's backtraces took, in seconds (design, chapter 2.1); `id` keeps the order of insertion. */
export const packageTime = sqliteTable('package_time', {
  id: integer('id').primaryKey({ autoIncrement: true }),
  package: text('package'),
  release: text('release'),
  time: real('time'),
}, (table) => [index('package_release').on(table.package, table.release)])

/** Hands out task ids, each once for ever: AUTOINCREMENT never gives an id again. */
export const taskId = sqliteTable('task_id', {
  id: integer('id').primaryKey({ autoIncrement: true }),
  created: integer('created').notNull().default(sql`(unixepoch())`),
})
