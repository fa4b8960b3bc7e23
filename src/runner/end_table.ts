/**
 * The tables `step_time`, `supply_count`, `missing_file` and `crash_sentence`: what tasks that ended took and lacked, by the hour.
 * They outlive the tasks, name none, and hold no value of a core.
 */
import { lt, notInArray, sql } from 'drizzle-orm'
import { crashCount, crashSentence, missingFile, stepTime, supplyCount } from '../../schema/tables.ts'
import type { Database } from '../database/database.ts'

/** What is known of a task's end beside how it is counted; texts are empty where nothing is known. */
export interface TaskDetails {
  readonly hour: number
  readonly release: string
  readonly signature: string
  /** What happened, without values. */
  readonly sentence: string | undefined
  readonly seconds: Readonly<Record<string, number | undefined>>
  readonly packages: { readonly here?: number | undefined; readonly fetched?: number | undefined } | undefined
  readonly missing: readonly MissingFile[]
}

export interface MissingFile {
  /** With its version; empty: none is known that has it. */
  readonly package: string
  /** Name without folders. */
  readonly file: string
  /** Hexadecimal. */
  readonly buildId: string
  /** `missing`, `no-debuginfo` or `mismatch`. */
  readonly status: string
}

/** Times are counted by their logarithm: a bucket is a fourth longer than the one before. */
const GROWTH = 1.25
const SHORTEST_S = 0.001

/** The bucket of a time in seconds. */
export function bucketOf(seconds: number): number {
  return Math.round(Math.log(Math.max(seconds, SHORTEST_S)) / Math.log(GROWTH))
}

/** The time in the middle of a bucket, in seconds. */
export function secondsOf(bucket: number): number {
  return GROWTH ** bucket
}

/** Adds a task that has ended; within the transaction that counts it. */
export function addDetails(database: Pick<Database, 'insert'>, details: TaskDetails): void {
  const { hour, release, signature, sentence, seconds, packages, missing } = details
  for (const [step, took] of Object.entries(seconds)) {
    if (took === undefined) continue
    database.insert(stepTime).values({ hour, step, bucket: bucketOf(took), count: 1 }).onConflictDoUpdate({
      target: [stepTime.hour, stepTime.step, stepTime.bucket],
      set: { count: sql`${stepTime.count} + 1` },
    }).run()
  }
  if (packages !== undefined) {
    const { here = 0, fetched = 0 } = packages
    database.insert(supplyCount).values({ hour, here, fetched }).onConflictDoUpdate({
      target: supplyCount.hour,
      set: { here: sql`${supplyCount.here} + ${here}`, fetched: sql`${supplyCount.fetched} + ${fetched}` },
    }).run()
  }
  for (const { package: name, ...each } of missing) {
    database.insert(missingFile).values({ hour, release, package: name, ...each, count: 1 }).onConflictDoUpdate({
      target: [missingFile.hour, missingFile.release, missingFile.buildId, missingFile.file, missingFile.package],
      set: { count: sql`${missingFile.count} + 1` },
    }).run()
  }
  if (signature !== '' && sentence !== undefined) {
    database.insert(crashSentence).values({ signature, sentence })
      .onConflictDoUpdate({ target: crashSentence.signature, set: { sentence } }).run()
  }
}

/** Deletes what was counted before an hour, and sentences of crashes that are counted no more. */
export function pruneDetails(database: Database, before: number): void {
  for (const table of [stepTime, supplyCount, missingFile]) database.delete(table).where(lt(table.hour, before)).run()
  const counted = database.select({ signature: crashCount.signature }).from(crashCount)
  database.delete(crashSentence).where(notInArray(crashSentence.signature, counted)).run()
}
