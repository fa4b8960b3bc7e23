/**
 * One clean-up, in its steps. Each counts what it did; one thing that cannot be deleted costs nothing but itself.
 */
import { existsSync } from 'node:fs'
import { UsageError } from '../../src/errors/usage_error.ts'
import type { ConfigOf } from '../../src/config/config.ts'
import { closeDatabase, type Database, openDatabase } from '../../src/database/database.ts'
import { log } from '../../src/telemetry/log.ts'
import { evictOverQuota } from '../../src/packages/keep/evict.ts'
import { removeStrays } from '../../src/packages/keep/strays.ts'
import { countedTasks, forgetTasks, pruneCounts } from '../../src/runner/crash_table.ts'
import { pruneTimes } from '../../src/runner/package_times.ts'
import { DAY_S } from '../../src/units/time.ts'
import { listTasks } from '../../src/spool/recovery.ts'
import { isServerRunning } from '../../src/spool/server_lock.ts'
import { busyDirectories, killOrphans } from '../../src/spool/processes.ts'
import { compactDatabase } from './compact.ts'
import { findLeftOvers } from './left_overs.ts'
import { isExpired, reasonToKeep, removeTask, type SeenTask, seeTasks } from './tasks.ts'

/** What was freed, or with `dryRun` would be. */
export interface Freed {
  dry_run: boolean
  tasks: { deleted: string[]; kept: { id: string; reason: string }[]; bytes: number }
  left_overs: { deleted: number; bytes: number }
  /** Package files over RETRACE_REPO_QUOTA_MB, and what killed programs left among them. */
  packages: { evicted: number; strays: number; bytes: number }
  /** Rows of package_time. */
  timings: number
  /** Rows of crash_count. */
  counts: number
  database_bytes: number
  /** What workers of a server that was killed left running. */
  processes: number
  failures: string[]
}

export interface CleanOptions {
  config: ConfigOf<'abrt-retrace-clean'>
  now: Date
  dryRun: boolean
  /**
   * Deletes just these tasks, whatever their age; empty: the ones that are too old, and everything else there is to
   * clean.
   */
  ids: readonly string[]
}

export async function clean(options: CleanOptions): Promise<Freed> {
  const { config, dryRun, ids, now } = options
  const freed: Freed = {
    dry_run: dryRun,
    tasks: { deleted: [], kept: [], bytes: 0 },
    left_overs: { deleted: 0, bytes: 0 },
    packages: { evicted: 0, strays: 0, bytes: 0 },
    timings: 0,
    counts: 0,
    database_bytes: 0,
    processes: 0,
    failures: [],
  }
  // First of all: where the database is of another version, nothing is deleted.
  if (!existsSync(config.spoolDir)) {
    throw new UsageError(`RETRACE_SPOOL_DIR (${config.spoolDir}) is not there: the server makes it at its first start`)
  }
  using opened = databaseOf(config)
  await cleanTasks(freed, options)
  if (ids.length > 0) return freed
  await cleanLeftOvers(freed, { config, now, dryRun })
  if (opened.database === undefined) return freed
  freed.packages = cleanPackages(opened.database, { config, dryRun })
  freed.timings = pruneTimes(opened.database, { dryRun })
  freed.counts = await cleanCounts(opened.database, options)
  if (!dryRun) freed.database_bytes = compactDatabase(opened.database)
  return freed
}

async function cleanTasks(freed: Freed, { config, ids, now, dryRun }: CleanOptions): Promise<void> {
  const server = { isServerRunning: isServerRunning(config) }
  if (!server.isServerRunning && !dryRun && ids.length === 0) {
    freed.processes = killOrphans(config.spoolDir, { leaders: false })
  }
  const seen = await seeTasks(config.spoolDir, busyDirectories(config.spoolDir))
  const wanted = ids.length > 0
    ? seen.filter(({ task }) => ids.includes(task.id))
    : seen.filter(({ created }) => isExpired(created, { now, days: config.deleteAfterDays }))
  for (const { task, state, bytes } of wanted) {
    const reason = reasonToKeep(state, server)
    if (reason !== undefined) freed.tasks.kept.push({ id: task.id, reason })
    else if (dryRun || await attempt(freed, `task ${task.id}`, () => removeTask(task))) {
      freed.tasks.deleted.push(task.id)
      freed.tasks.bytes += bytes
      if (!dryRun) log('clean').debug('Deleted the task', { task: task.id })
    }
  }
  if (ids.length > 0) freed.failures.push(...complaints(ids, { seen, kept: freed.tasks.kept }))
}

/** Complaints about tasks that were asked for by their ids and not deleted. */
function complaints(ids: readonly string[], { seen, kept }: { seen: SeenTask[]; kept: Freed['tasks']['kept'] }) {
  const unknown = ids.filter((id) => !seen.some(({ task }) => task.id === id))
  return [
    ...unknown.map((id) => `there is no task ${id}`),
    ...kept.map(({ id, reason }) => `task ${id} stays: ${reason}`),
  ]
}

async function cleanLeftOvers(
  freed: Freed,
  { config, now, dryRun }: Pick<CleanOptions, 'config' | 'now' | 'dryRun'>,
): Promise<void> {
  for (const leftOver of await findLeftOvers(config, now)) {
    const isGone = dryRun || await attempt(freed, leftOver.path, async () => {
      await leftOver.remove()
      return true
    })
    if (!isGone) continue
    freed.left_overs.deleted++
    freed.left_overs.bytes += leftOver.bytes
  }
}

function cleanPackages(
  database: Database,
  { config, dryRun }: { config: CleanOptions['config']; dryRun: boolean },
): Freed['packages'] {
  // Spares what is gone upstream and could not be fetched again, as a sync does.
  const { packages, freedBytes } = evictOverQuota(database, config, { dryRun, spareGone: true })
  const strays = removeStrays(database, config.repoDir, { dryRun })
  return { evicted: packages.length, strays: strays.length, bytes: freedBytes }
}

/** What is older than RETRACE_STATISTICS_DAYS, and which of the tasks that are gone had been counted. */
async function cleanCounts(database: Database, { config, now, dryRun }: CleanOptions): Promise<number> {
  // In this order: a task that is counted now is in the spool.
  const counted = countedTasks(database)
  const present = new Set((await listTasks(config.spoolDir)).map(({ id }) => Number(id)))
  if (!dryRun) forgetTasks(database, [...counted].filter((id) => !present.has(id)))
  return pruneCounts(database, Math.floor(now.getTime() / 1000) - config.statisticsDays * DAY_S, { dryRun })
}

async function attempt(freed: Freed, what: string, act: () => Promise<boolean>): Promise<boolean> {
  try {
    return await act()
  } catch (cause) {
    const message = `${what} cannot be deleted: ${cause instanceof Error ? cause.message : cause}`
    log('clean').error(message)
    freed.failures.push(message)
    return false
  }
}

/** The database where there is one: a clean-up makes none. */
function databaseOf(config: CleanOptions['config']): { database: Database | undefined } & Disposable {
  const isThere = existsSync(config.database)
  const database = isThere ? openDatabase(config.database, { demandCurrent: true }) : undefined
  if (!isThere) log('clean').debug(`There is no database ${config.database}; only the spool is cleaned`)
  return {
    database,
    [Symbol.dispose]() {
      if (database !== undefined) closeDatabase(database)
    },
  }
}
