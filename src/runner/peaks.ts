/**
 * How much memory a task will take, from what the ones before it took: the table `task_memory`, of which the newest rows stay.
 * All in MiB.
 */
import { and, desc, eq, lt, lte, sql } from 'drizzle-orm'
import { taskMemory } from '../../schema/tables.ts'
import type { Database } from '../database/database.ts'
import type { Subject } from './estimates.ts'

/** What tells one task from another before it has run. */
export interface Expected extends Subject {
  /** What its core takes on disk. */
  coreMb: number
}

const KEPT_ROWS = 2000
/** Of those that are alike, so many of the newest are looked at. */
const LOOKED_AT = 20
/** Cores of one size say something about each other, where nobody knows the package, once there are so many. */
const LEAST_OF_A_SIZE = 3
/** What is added to the largest peak: a quarter, and what sampling does not see. */
const MARGIN = 1.25
const UNSEEN_MB = 32

/** A task may have `limitMb`, and is expected to take all of it where nothing like it has run. */
export function expectedPeak(database: Database, of: Expected, limitMb: number): number {
  const peaks = peaksOfPackage(database, of) ?? peaksOfSize(database, of)
  return peaks === undefined ? limitMb : Math.min(limitMb, Math.ceil(Math.max(...peaks) * MARGIN) + UNSEEN_MB)
}

/** Remembers what a task took. */
export function addPeak(database: Database, of: Expected, peakMb: number): void {
  const row = { package: of.package, release: of.release, coreMb: Math.round(of.coreMb), peakMb: Math.ceil(peakMb) }
  database.transaction(() => {
    const { id } = database.insert(taskMemory).values(row).returning({ id: taskMemory.id }).get()
    database.delete(taskMemory).where(lte(taskMemory.id, id - KEPT_ROWS)).run()
  }, { behavior: 'immediate' })
}

function peaksOfPackage(database: Database, { package: name, release }: Expected): number[] | undefined {
  if (name === undefined || release === undefined) return undefined
  return newest(database, and(eq(taskMemory.package, name), eq(taskMemory.release, release)), 1)
}

/** Cores of half to twice the size. */
function peaksOfSize(database: Database, { coreMb }: Expected): number[] | undefined {
  const size = sql<number>`max(${taskMemory.coreMb}, 1)`
  const own = Math.max(1, coreMb)
  return newest(database, and(lt(size, own * 2), sql`${size} > ${own / 2}`), LEAST_OF_A_SIZE)
}

function newest(database: Database, alike: ReturnType<typeof and>, least: number): number[] | undefined {
  const rows = database.select({ peak: taskMemory.peakMb }).from(taskMemory).where(alike)
    .orderBy(desc(taskMemory.id)).limit(LOOKED_AT).all()
  return rows.length < least ? undefined : rows.map(({ peak }) => peak)
}
