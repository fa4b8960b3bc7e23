/**
 * The tables `crash_count` and `counted_task`: how often tasks ended so, by hour, release, package, outcome and signature.
 */
import { and, count, desc, eq, gte, lt, sql, sum } from 'drizzle-orm'
import { countedTask, crashCount } from '../../schema/tables.ts'
import type { Database } from '../database/database.ts'
import { addDetails, pruneDetails, type TaskDetails } from './end_table.ts'

/** A task that has ended; texts are empty where nothing is known. */
export type CountedCrash = Omit<typeof crashCount.$inferInsert, 'count'>

/** How often a crash was seen, and on which releases. */
export interface Sighting {
  times: number
  releases: string[]
}

/** Counts a task, and what is known of its end, unless it has been counted; whether it had not. */
export function countOnce(database: Database, id: number, crash: CountedCrash, details?: TaskDetails): boolean {
  return database.transaction(() => {
    const added = database.insert(countedTask).values({ id }).onConflictDoNothing().run()
    if (added.changes === 0) return false
    const { signature, hour, release, package: name, outcome, duphash, count: times } = crashCount
    database.insert(crashCount).values({ ...crash, count: 1 }).onConflictDoUpdate({
      target: [signature, hour, release, name, outcome, duphash],
      set: { count: sql`${times} + 1` },
    }).run()
    if (details !== undefined) addDetails(database, details)
    return true
  }, { behavior: 'immediate' })
}

/** Ids of the tasks that have been counted and not been forgotten. */
export function countedTasks(database: Database): Set<number> {
  return new Set(database.select({ id: countedTask.id }).from(countedTask).all().map(({ id }) => id))
}

/** Tasks that are gone cannot be counted again: they need not be remembered. */
export function forgetTasks(database: Database, ids: readonly number[]): void {
  database.transaction(() => {
    for (const id of ids) database.delete(countedTask).where(eq(countedTask.id, id)).run()
  }, { behavior: 'immediate' })
}

/** All that is counted of a signature. */
export function sightingOf(database: Database, signature: string): Sighting {
  const { release, count: times } = crashCount
  const rows = database.select({ release, times: sum(times).mapWith(Number) }).from(crashCount)
    .where(eq(crashCount.signature, signature)).groupBy(release).all()
  return {
    times: rows.reduce((all, row) => all + row.times, 0),
    releases: rows.map((row) => row.release).filter((name) => name !== '').sort(),
  }
}

/** What a page of statistics asks: of which hours, releases, packages and outcomes; all where nothing is said. */
export interface CountsWanted {
  /** Unix seconds: the first hour, and the first that is not counted any more. */
  since?: number
  until?: number
  release?: string
  package?: string
  outcome?: string
  signature?: string
}

/** By what counts are put together; `day` is an hour's Unix seconds at the beginning of its day (UTC). */
export const COUNTED_BY = ['hour', 'day', 'release', 'package', 'outcome', 'signature'] as const
export type CountedBy = (typeof COUNTED_BY)[number]

/** One group: its key in every respect that was asked for, and how many tasks are in it. */
export type CountRow = { readonly [By in CountedBy]?: string | number } & { readonly times: number }

/**
 * Counts of tasks that ended, grouped; the largest groups first, those of equal size by their keys, at most `limit` (1,000). Texts are
 * empty where nothing is known. Never says which tasks they were.
 */
export function countsOf(
  database: Database,
  by: readonly [CountedBy, ...CountedBy[]],
  wanted: CountsWanted = {},
  limit = MAX_GROUPS,
): CountRow[] {
  const keys = [...new Set(by)]
  const columns = Object.fromEntries(keys.map((each) => [each, KEYS[each]]))
  const times = sum(crashCount.count).mapWith(Number)
  const rows = database.select({ ...columns, times }).from(crashCount).where(whereOf(wanted))
    .groupBy(...keys.map((each) => KEYS[each])).orderBy(desc(times), ...keys.map((each) => KEYS[each]))
    .limit(Math.min(limit, MAX_GROUPS)).all()
  return rows as CountRow[]
}

const MAX_GROUPS = 1_000

const KEYS = {
  hour: crashCount.hour,
  // Whole days since 1970, as numbers of SQLite are whole.
  day: sql<number>`(${crashCount.hour} / 86400 * 86400)`,
  release: crashCount.release,
  package: crashCount.package,
  outcome: crashCount.outcome,
  signature: crashCount.signature,
}

function whereOf({ since, until, ...equal }: CountsWanted) {
  const names = ['release', 'package', 'outcome', 'signature'] as const
  return and(
    since === undefined ? undefined : gte(crashCount.hour, since),
    until === undefined ? undefined : lt(crashCount.hour, until),
    ...names.flatMap((name) => equal[name] === undefined ? [] : [eq(crashCount[name], equal[name])]),
  )
}

/** Deletes what was counted before an hour (Unix seconds), or only counts those rows; returns their number. */
export function pruneCounts(database: Database, before: number, { dryRun }: { dryRun: boolean }): number {
  const isOld = lt(crashCount.hour, before)
  if (dryRun) return database.select({ rows: count() }).from(crashCount).where(isOld).get()?.rows ?? 0
  const { changes } = database.delete(crashCount).where(isOld).run()
  pruneDetails(database, before)
  return changes
}
