/**
 * What typed queries share: statements that are prepared once, and the two words of SQL that drizzle has no name for.
 * A query itself stands in the file of its table.
 */
import { type Column, type Placeholder, type SQL, sql } from 'drizzle-orm'
import type { Database } from './database.ts'

/**
 * A statement with placeholders for each open database, built and prepared when it is first asked: to build one takes
 * as long as to run it some thirty times.
 */
export function prepared<Statement>(build: (database: Database) => Statement): (database: Database) => Statement {
  const statements = new WeakMap<Database, Statement>()
  return (database) => {
    const known = statements.get(database)
    if (known !== undefined) return known
    const statement = build(database)
    statements.set(database, statement)
    return statement
  }
}

/**
 * For `limit()` of what is asked often: the number stands in the statement's text. With one that is bound a look-up
 * takes three times as long, of a build-id among a million, of a package's versions and of a path alike. Drizzle takes
 * numbers, which it binds, and placeholders: this is text that passes for one.
 */
export function fixedLimit(rows: number): Placeholder & SQL {
  return Object.assign(sql.raw(String(rows)), { name: 'limit', protected: undefined })
}

/** In a conflict: what the row that could not be inserted has in a column. */
export function excluded(column: Column): SQL {
  return sql`excluded.${sql.identifier(column.name)}`
}
