/**
 * The tables `crash_count` and `counted_task`: how often tasks ended so, by hour, release, package, outcome and signature.
 */
import { count, eq, lt, sql, sum } from 'drizzle-orm'
import { countedTask, crashCount } from '../../schema/tables.ts'
import type { Database } from '../database/database.ts'

/** A task that has ended; texts are empty where nothing is known. */
export type CountedCrash = Omit<typeof crashCount.$inferInsert, 'count'>

/** How often a crash was seen, and on which releases. */
export interface Sighting {
  times: number
  releases: string[]
}

/** Counts a task unless it has been counted; whether it had not. */
export function countOnce(database: Database, id: number, crash: CountedCrash): boolean {
  return database.transaction(() => {
    const added = database.insert(countedTask).values({ id }).onConflictDoNothing().run()
    if (added.changes === 0) return false
    const { signature, hour, release, package: name, outcome, duphash, count: times } = crashCount
    database.insert(crashCount).values({ ...crash, count: 1 }).onConflictDoUpdate({
      target: [signature, hour, release, name, outcome, duphash],
      set: { count: sql`${times} + 1` },
    }).run()
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

/** Deletes what was counted before an hour (Unix seconds), or only counts those rows; returns their number. */
export function pruneCounts(database: Database, before: number, { dryRun }: { dryRun: boolean }): number {
  const isOld = lt(crashCount.hour, before)
  if (dryRun) return database.select({ rows: count() }).from(crashCount).where(isOld).get()?.rows ?? 0
  return database.delete(crashCount).where(isOld).run().changes
}
