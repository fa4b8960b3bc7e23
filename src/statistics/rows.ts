/** What the tables of counts say of an interval: sums, made by the database. Hours are Unix seconds. */
import { and, count, desc, eq, gte, lt, max, ne, sql, sum } from 'drizzle-orm'
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
}

export interface Outcomes {
  readonly period: number
  readonly outcome: string
  readonly tasks: number
}

export interface CrashRow {
  readonly signature: string
  readonly package: string | null
  /** Joined by commas; the empty one, too. */
  readonly releases: string | null
  readonly tasks: number
  readonly sentence: string | null
}

export interface MissingRow {
  readonly release: string
  readonly package: string
  readonly file: string
  readonly buildId: string
  readonly status: string | null
  readonly times: number
}

const total = sum(crashCount.count).mapWith(Number)

function within({ since, until, release, package: name }: Interval) {
  return and(
    gte(crashCount.hour, since),
    lt(crashCount.hour, until),
    release === undefined ? undefined : eq(crashCount.release, release),
    name === undefined ? undefined : eq(crashCount.package, name),
  )
}

/** By outcome and period; a period is `seconds` long, counted from `origin`. */
export function outcomesIn(
  database: Database,
  interval: Interval,
  { seconds, origin }: { seconds: number; origin: number },
): Outcomes[] {
  const period = sql<number>`cast((${crashCount.hour} - ${origin}) / ${seconds} AS INTEGER)`
  return database.select({ period, outcome: crashCount.outcome, tasks: total }).from(crashCount).where(within(interval))
    .groupBy(period, crashCount.outcome).all()
}

export function releasesIn(database: Database, interval: Interval): { release: string; tasks: number }[] {
  return database.select({ release: crashCount.release, tasks: total }).from(crashCount).where(within(interval))
    .groupBy(crashCount.release).orderBy(desc(total)).all()
}

export function packagesIn(database: Database, interval: Interval): { package: string; tasks: number }[] {
  return database.select({ package: crashCount.package, tasks: total }).from(crashCount).where(within(interval))
    .groupBy(crashCount.package).orderBy(desc(total)).all()
}

/** Crashes by signature, the most frequent first; `package` is one of those that it was seen in. */
export function crashesIn(database: Database, interval: Interval, limit: number): CrashRow[] {
  const { signature, package: name, release } = crashCount
  const releases = sql<string>`group_concat(DISTINCT ${release})`
  return database.select({ signature, package: max(name), releases, tasks: total, sentence: crashSentence.sentence })
    .from(crashCount).leftJoin(crashSentence, eq(crashSentence.signature, signature))
    .where(and(within(interval), ne(signature, ''))).groupBy(signature).orderBy(desc(total)).limit(limit).all()
}

/** Counts of times by step and bucket, of all tasks. */
export function timesIn(
  database: Database,
  { since, until }: Interval,
): { step: string; bucket: number; times: number }[] {
  return database.select({ step: stepTime.step, bucket: stepTime.bucket, times: sum(stepTime.count).mapWith(Number) })
    .from(stepTime).where(and(gte(stepTime.hour, since), lt(stepTime.hour, until)))
    .groupBy(stepTime.step, stepTime.bucket).orderBy(stepTime.step, stepTime.bucket).all()
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
export function missingIn(database: Database, { since, until, release }: Interval, limit: number): MissingRow[] {
  const times = sum(missingFile.count).mapWith(Number)
  const { release: of, package: name, file, buildId, status } = missingFile
  return database.select({ release: of, package: name, file, buildId, status: max(status), times }).from(missingFile)
    .where(and(
      gte(missingFile.hour, since),
      lt(missingFile.hour, until),
      release === undefined ? undefined : eq(of, release),
    )).groupBy(of, name, file, buildId).orderBy(desc(times)).limit(limit).all()
}

/** Whether a repository that the administrator's files name has, or had, a package of this name. */
export function isPublic(database: Database, name: string): boolean {
  const row = database.select({ found: count() }).from(packages)
    .innerJoin(repository, eq(repository.id, packages.repositoryId))
    .where(and(eq(packages.name, name), ne(repository.fetch, 'none'))).limit(1).get()
  return (row?.found ?? 0) > 0
}
