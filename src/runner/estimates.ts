/**
 * How long a task will take, from how long the ones before it took: `package_time` (docs/design.txt, chapter 2.1). Pure
 * but for three queries; what runs now plays no part.
 */
import type { Database } from '../database/database.ts'
import { writeInTurn } from '../database/write.ts'
import { addTime, averageTime } from './package_times.ts'

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
  record(subject: Subject, seconds: number): Promise<void>
}

export function createEstimates(database: Database, defaultSeconds: number): Estimates {
  return {
    seconds({ package: name, release }) {
      const ofPackage = name === undefined || release === undefined
        ? undefined
        : averageTime(database, { package: name, release })
      const ofRelease = release === undefined ? undefined : averageTime(database, { release })
      const time = ofPackage ?? ofRelease ?? averageTime(database, {}) ?? defaultSeconds
      return Math.max(1, Math.ceil(time))
    },
    async record({ package: name, release }, time) {
      if (name === undefined) return
      await writeInTurn(database, () => addTime(database, { package: name, release: release ?? null }, time))
    },
  }
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
