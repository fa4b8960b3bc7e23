/**
 * What crashes most, how tasks end, what the mirror lacks: for administrators, and for everybody with what could tell of one task
 * left out. From the tables that outlive tasks. Gives way after every thousand rows.
 */
import type { Database } from '../database/database.ts'
import { summarizeRepositories } from '../packages/index/summary.ts'
import { DAY_S, HOUR_S } from '../units/time.ts'
import { percentilesOf } from './percentiles.ts'
import { countsIn, giveWay, type Interval, missingIn, suppliesIn, timesIn } from './rows.ts'
import { groupedBy } from './grouped.ts'
import { publicPart } from './public_part.ts'
import type { Question, Statistics } from './shape.ts'

/** Of a list of crashes or files. */
const MAX_ROWS = 50
/** Of a list of names. */
const MAX_NAMES = 500
const UNKNOWN = 'unknown'
const WEEK_S = 7 * DAY_S
/** A Monday. */
const MONDAY = 4 * DAY_S

export interface Asked {
  readonly question: Question
  /** Unix seconds. */
  readonly now: number
  /** Whether what could tell of one task, or of a package of nobody's repository, is left out. */
  readonly isPublic: boolean
  /** Nobody waits for it any more. */
  readonly signal?: AbortSignal | undefined
}

/** Rejects with an AbortError when the signal says so. */
export async function statisticsOf(
  database: Database,
  { question, now, isPublic, signal }: Asked,
): Promise<Statistics> {
  const { by, days, release, package: name } = question
  const asked = (word: string | undefined) => word === UNKNOWN ? '' : word
  const until = Math.ceil((now + 1) / DAY_S) * DAY_S
  const since = until - days * DAY_S
  const interval: Interval = { since, until, release: asked(release), package: asked(name), signal }
  const period = by === 'day' ? { seconds: DAY_S, origin: 0 } : { seconds: WEEK_S, origin: MONDAY }
  const limit = isPublic ? 4 * MAX_ROWS : MAX_ROWS
  const { outcomes: ends, releases, packages, crashes } = await countsIn(database, interval, { ...period, limit })
  await giveWay(signal)
  const missing = await missingIn(database, interval, limit)
  await giveWay(signal)
  const times = await timesIn(database, interval)
  await giveWay(signal)
  const all: Statistics = {
    by,
    days,
    since: dayOf(interval.since),
    until: dayOf(until - HOUR_S),
    release: release ?? null,
    package: name ?? null,
    tasks: ends.reduce((sum, { tasks }) => sum + tasks, 0),
    outcomes: summed(ends),
    periods: periodsOf(ends, { ...period, ...interval }),
    steps: percentilesOf(times),
    releases: releases.slice(0, MAX_NAMES).map(({ release: each, tasks }) => ({ release: each || UNKNOWN, tasks })),
    packages: packages.slice(0, MAX_NAMES).map(({ package: each, tasks }) => ({ package: each || UNKNOWN, tasks })),
    crashes: crashes.map((crash) => ({
      ...crash,
      releases: crash.releases.filter((each) => each !== '').sort(),
    })),
    missing: missing.map(({ buildId, status, ...each }) => ({ ...each, build_id: buildId, status })),
    supply: suppliesIn(database, interval),
    disk: summarizeRepositories(database).map(({ release: each, here, bytes }) => ({
      release: each,
      packages: here,
      bytes,
    })),
  }
  return isPublic ? publicPart(database, all, MAX_ROWS) : all
}

function summed(rows: readonly { outcome: string; tasks: number }[]): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const { outcome, tasks } of rows) sums[outcome] = (sums[outcome] ?? 0) + tasks
  return Object.fromEntries(Object.entries(sums).sort(([, a], [, b]) => b - a))
}

/** Every period of the interval, those without a task too. */
function periodsOf(
  rows: readonly { period: number; outcome: string; tasks: number }[],
  { seconds, origin, since, until }: { seconds: number; origin: number; since: number; until: number },
): Statistics['periods'] {
  const byPeriod = groupedBy(rows, ({ period }) => period)
  const first = Math.floor((since - origin) / seconds)
  const last = Math.floor((until - 1 - origin) / seconds)
  return Array.from({ length: last - first + 1 }, (_, index) => {
    const found = byPeriod.get(first + index) ?? []
    return {
      start: dayOf(origin + (first + index) * seconds),
      tasks: found.reduce((sum, { tasks }) => sum + tasks, 0),
      outcomes: summed(found),
    }
  })
}

function dayOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10)
}
