/**
 * What the tables of counts say of an interval. They are walked in pages, and summed up here: the database's own sums of 100,000 tasks
 * held the only thread for a third of a second. Hours are Unix seconds.
 */
import { setImmediate as immediate } from 'node:timers/promises'
import { and, count, eq, gte, inArray, lt, ne, sql, sum } from 'drizzle-orm'
import {
  crashCount,
  crashSentence,
  missingFile,
  packages,
  repository,
  stepTime,
  supplyCount,
} from '../../schema/tables.ts'
import type { Database } from '../database/database.ts'

export interface Interval {
  readonly since: number
  readonly until: number
  readonly release?: string | undefined
  readonly package?: string | undefined
  /** Nobody waits for it any more: what walks is then an AbortError. */
  readonly signal?: AbortSignal | undefined
}

export interface Outcomes {
  readonly period: number
  readonly outcome: string
  readonly tasks: number
}

export interface CrashRow {
  readonly signature: string
  readonly package: string
  /** The empty one, too. */
  readonly releases: readonly string[]
  readonly tasks: number
  readonly sentence: string | null
}

export interface MissingRow {
  readonly release: string
  readonly package: string
  readonly file: string
  readonly buildId: string
  readonly status: string
  readonly times: number
}

/**
 * Rows that are read in one go: some milliseconds. Others' requests come between. What is not asked for is let go here: SQLite, given
 * the condition, reads all rows until so many fit.
 */
const PAGE = 1000
/** Of a sum's keys. Where there are more, those with the least are let go: what is frequent stays. */
const MAX_KEYS = 200_000

/** Sums of counts, with what else is known of each key. Its memory is bounded. */
class Sums<More> {
  readonly #rows = new Map<string, { count: number; more: More }>()

  add(key: string, count: number, { first, again }: { first: () => More; again?: (more: More) => void }): void {
    const known = this.#rows.get(key)
    if (known !== undefined) {
      known.count += count
      return again?.(known.more)
    }
    if (this.#rows.size >= MAX_KEYS) this.#letGo()
    this.#rows.set(key, { count, more: first() })
  }

  /** The most frequent first. Of very many only the first are put in order. */
  sorted(limit = Infinity): { key: string; count: number; more: More }[] {
    let best: { key: string; count: number; more: More }[] = []
    const cut = () => best = best.sort((one, other) => other.count - one.count).slice(0, limit)
    let least = 0
    for (const [key, row] of this.#rows) {
      if (row.count <= least) continue
      best.push({ key, ...row })
      if (best.length < 4 * limit) continue
      cut()
      least = best.at(-1)?.count ?? 0
    }
    return cut()
  }

  #letGo(): void {
    for (const { key } of this.sorted().slice(MAX_KEYS / 2)) this.#rows.delete(key)
  }
}

export interface Counted {
  readonly outcomes: Outcomes[]
  readonly releases: { release: string; tasks: number }[]
  readonly packages: { package: string; tasks: number }[]
  /** By signature, the most frequent first; `package` is one of those that it was seen in. */
  readonly crashes: CrashRow[]
}

/** What `crash_count` says of an interval, in one walk. A period is `seconds` long, counted from `origin`; `limit`: of crashes. */
export async function countsIn(
  database: Database,
  interval: Interval,
  { seconds, origin, limit }: { seconds: number; origin: number; limit: number },
): Promise<Counted> {
  const outcomes = new Sums<Omit<Outcomes, 'tasks'>>()
  const releases = new Sums<undefined>()
  const packages = new Sums<undefined>()
  const crashes = new Sums<{ package: string; releases: Set<string> }>()
  const nothing = { first: () => undefined }
  for await (const { hour, outcome, release, name, signature, count: tasks } of crashesOf(database, interval)) {
    const period = Math.trunc((hour - origin) / seconds)
    outcomes.add(`${period} ${outcome}`, tasks, { first: () => ({ period, outcome }) })
    releases.add(release, tasks, nothing)
    packages.add(name, tasks, nothing)
    if (signature === '') continue
    crashes.add(signature, tasks, {
      first: () => ({ package: name, releases: new Set([release]) }),
      again(known) {
        if (name > known.package) known.package = name
        known.releases.add(release)
      },
    })
  }
  const found = crashes.sorted(limit)
  const sentences = sentencesOf(database, found.map(({ key }) => key))
  return {
    outcomes: outcomes.sorted().map(({ count: tasks, more }) => ({ ...more, tasks })),
    releases: releases.sorted().map(({ key: release, count: tasks }) => ({ release, tasks })),
    packages: packages.sorted().map(({ key, count: tasks }) => ({ package: key, tasks })),
    crashes: found.map(({ key: signature, count: tasks, more }) => ({
      signature,
      package: more.package,
      releases: [...more.releases],
      tasks,
      sentence: sentences.get(signature) ?? null,
    })),
  }
}

/** In the order of the index by hours, which ends in the row's number. */
async function* crashesOf(database: Database, { since, until, release, package: name, signal }: Interval) {
  const { hour, release: of, package: named, outcome, signature, count: tasks } = crashCount
  const row = sql<number>`rowid`
  const columns = { hour, row, release: of, name: named, outcome, signature, count: tasks }
  for (let last = { hour: since - 1, row: 0 };;) {
    const page = database.select(columns).from(crashCount).where(and(
      sql`(${hour}, rowid) > (${last.hour}, ${last.row})`,
      lt(hour, until),
    )).orderBy(hour, row).limit(PAGE).all()
    yield* page.filter((each) =>
      (release === undefined || each.release === release) && (name === undefined || each.name === name)
    )
    const end = page.at(-1)
    if (end === undefined || page.length < PAGE) return
    last = end
    await giveWay(signal)
  }
}

/** To others' requests. Rejects with an AbortError. */
export async function giveWay(signal: AbortSignal | undefined): Promise<void> {
  await immediate(undefined, signal && { signal })
}

function sentencesOf(database: Database, signatures: string[]): Map<string, string> {
  const rows = database.select().from(crashSentence).where(inArray(crashSentence.signature, signatures)).all()
  return new Map(rows.map(({ signature, sentence }) => [signature, sentence]))
}

/** Counts of times by step and bucket, of all tasks, in the order of the buckets. */
export async function timesIn(
  database: Database,
  { since, until, signal }: Interval,
): Promise<{ step: string; bucket: number; times: number }[]> {
  const { hour, step, bucket, count: times } = stepTime
  const sums = new Sums<{ step: string; bucket: number }>()
  for (let last = { hour: since - 1, step: '', bucket: 0 };;) {
    const page = database.select({ hour, step, bucket, times }).from(stepTime).where(and(
      sql`(${hour}, ${step}, ${bucket}) > (${last.hour}, ${last.step}, ${last.bucket})`,
      lt(hour, until),
    )).orderBy(hour, step, bucket).limit(PAGE).all()
    for (const row of page) {
      sums.add(`${row.step} ${row.bucket}`, row.times, { first: () => ({ step: row.step, bucket: row.bucket }) })
    }
    const end = page.at(-1)
    if (end === undefined || page.length < PAGE) break
    last = end
    await giveWay(signal)
  }
  return sums.sorted().map(({ more, count: all }) => ({ ...more, times: all })).sort((one, other) =>
    one.bucket - other.bucket
  )
}

/** Packages that tasks used, by where they came from. */
export function suppliesIn(database: Database, { since, until }: Interval): { here: number; fetched: number } {
  const row = database.select({
    here: sum(supplyCount.here).mapWith(Number),
    fetched: sum(supplyCount.fetched).mapWith(Number),
  }).from(supplyCount).where(and(gte(supplyCount.hour, since), lt(supplyCount.hour, until))).get()
  return { here: row?.here ?? 0, fetched: row?.fetched ?? 0 }
}

/** Files that tasks lacked, the most frequent first. */
export async function missingIn(
  database: Database,
  { since, until, release, signal }: Interval,
  limit: number,
): Promise<MissingRow[]> {
  const { hour, release: of, package: name, file, buildId, status, count: times } = missingFile
  const sums = new Sums<Omit<MissingRow, 'times' | 'status'> & { status: string }>()
  for (let last = { hour: since - 1, release: '', buildId: '', file: '', package: '' };;) {
    const page = database.select({ hour, release: of, package: name, file, buildId, status, times }).from(missingFile)
      .where(and(
        sql`(${hour}, ${of}, ${buildId}, ${file}, ${name}) >
          (${last.hour}, ${last.release}, ${last.buildId}, ${last.file}, ${last.package})`,
        lt(hour, until),
      )).orderBy(hour, of, buildId, file, name).limit(PAGE).all()
    for (const { hour: _, times: more, ...row } of page) {
      if (release !== undefined && row.release !== release) continue
      sums.add(JSON.stringify([row.release, row.package, row.file, row.buildId]), more, {
        first: () => row,
        again(known) {
          if (row.status > known.status) known.status = row.status
        },
      })
    }
    const end = page.at(-1)
    if (end === undefined || page.length < PAGE) break
    last = end
    await giveWay(signal)
  }
  return sums.sorted(limit).map(({ more, count: all }) => ({ ...more, times: all }))
}

/** Whether a repository that the administrator's files name has, or had, a package of this name. */
export function isPublic(database: Database, name: string): boolean {
  const row = database.select({ found: count() }).from(packages)
    .innerJoin(repository, eq(repository.id, packages.repositoryId))
    .where(and(eq(packages.name, name), ne(repository.fetch, 'none'))).limit(1).get()
  return (row?.found ?? 0) > 0
}
