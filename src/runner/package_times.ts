/**
 * The table `package_time`: how long the backtraces of packages took (docs/design.txt, chapter 2.1), and that it stays
 * small (chapter 2.5).
 */
import { and, asc, avg, count, eq, lte, sql } from 'drizzle-orm'
import { packageTime } from '../../schema/tables.ts'
import type { Database } from '../database/database.ts'

/** A package's name without version, and a release id with architecture (`debian-12-amd64`). */
export interface TimedPackage {
  package: string
  release: string | null
}

/** How many of the newest rows stay for each package and release. */
const KEPT_ROWS = 100

/** Seconds, on average, of all rows, or those of a release, or of a package in it; undefined: there is none. */
export function averageTime(database: Database, of: { package?: string; release?: string }): number | undefined {
  const conditions = [
    of.package === undefined ? undefined : eq(packageTime.package, of.package),
    of.release === undefined ? undefined : eq(packageTime.release, of.release),
  ]
  const row = database.select({ average: avg(packageTime.time).mapWith(Number) }).from(packageTime)
    .where(and(...conditions)).get()
  return row?.average ?? undefined
}

/** Remembers what a task took, in seconds. */
export function addTime(database: Database, of: TimedPackage, time: number): void {
  database.insert(packageTime).values({ ...of, time }).run()
}

/** Deletes the older rows of each package and release, or only counts them; returns their number. */
export function pruneTimes(database: Database, { dryRun }: { dryRun: boolean }): number {
  const { package: name, release } = packageTime
  const groups = database.select({ name, release, rows: count() }).from(packageTime).groupBy(name, release).all()
  let pruned = 0
  for (const group of groups) {
    if (group.rows <= KEPT_ROWS) continue
    const isOfGroup = and(sql`${name} is ${group.name}`, sql`${release} is ${group.release}`)
    pruned += dryRun ? group.rows - KEPT_ROWS : prune(database, isOfGroup, group.rows)
  }
  return pruned
}

function prune(database: Database, isOfGroup: ReturnType<typeof and>, rows: number): number {
  const { id } = packageTime
  // The design's offset is the number of rows minus 100; counted from 0 that is the oldest row that stays.
  const last = database.select({ id }).from(packageTime).where(isOfGroup).orderBy(asc(id)).limit(1)
    .offset(rows - KEPT_ROWS - 1).get()
  return last === undefined ? 0 : database.delete(packageTime).where(and(isOfGroup, lte(id, last.id))).run().changes
}
