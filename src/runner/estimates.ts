/**
 * How long a task will take, from how long the ones before it took: `package_time` (docs/design.txt, chapter 2.1).
 * Pure but for three queries; refuses to know what runs now.
 */
import { and, avg, eq } from 'drizzle-orm'
import type { Database } from '../database/database.ts'
import { packageTime } from '../../schema/tables.ts'

/**
 * What an estimate goes by. `package` is a name without version, `release` an id with architecture (`debian-12-amd64`).
 */
export interface Subject {
  package: string | undefined
  release: string | undefined
}

export interface Estimates {
  /**
   * Whole seconds, at least 1: the average for this package on this release, else the release, else all, else the
   * default.
   */
  seconds(subject: Subject): number
  /** Remembers a task that ended with a backtrace: INSERT INTO package_time (package, release, time). */
  record(subject: Subject, seconds: number): void
}

export function createEstimates(database: Database, defaultSeconds: number): Estimates {
  return {
    seconds({ package: name, release }) {
      const ofRelease = release === undefined ? undefined : eq(packageTime.release, release)
      const average = name === undefined || ofRelease === undefined
        ? undefined
        : averageTime(database, and(eq(packageTime.package, name), ofRelease))
      const time = average ?? (ofRelease && averageTime(database, ofRelease)) ?? averageTime(database, undefined) ??
        defaultSeconds
      return Math.max(1, Math.ceil(time))
    },
    record({ package: name, release }, time) {
      if (name === undefined) return
      database.insert(packageTime).values({ package: name, release: release ?? null, time }).run()
    },
  }
}

/** SELECT AVG(time) FROM package_time WHERE package == '??' AND release == '??'; undefined: no such row. */
function averageTime(database: Database, where: ReturnType<typeof and>): number | undefined {
  const row = database.select({ average: avg(packageTime.time) }).from(packageTime).where(where).get()
  const average = row?.average ?? undefined
  return average === undefined ? undefined : Number(average)
}

/**
 * When each waiting task can begin, in seconds from now, first come first served: `running` holds what the running ones
 * have left, `waiting` what the waiting ones will take, in order; both in seconds.
 */
export function expectedStarts(running: number[], waiting: number[], slots: number): number[] {
  const free = [...running].sort((a, b) => a - b)
  while (free.length < slots) free.unshift(0)
  return waiting.map((seconds) => {
    const start = free.shift() ?? 0
    free.push(start + seconds)
    free.sort((a, b) => a - b)
    return Math.ceil(start)
  })
}
