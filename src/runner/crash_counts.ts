/**
 * Counts each task that has ended, once: when it ends, and at the next start where the server was killed in between. Owns
 * what is remembered of a task beyond its directory; that is nothing that leads back to it.
 */
import { statSync } from 'node:fs'
import { setImmediate as immediate } from 'node:timers/promises'
import type { Database } from '../database/database.ts'
import { writeInTurn } from '../database/write.ts'
import { readOutcome, type RecordedOutcome } from '../task/outcome_file.ts'
import type { Task } from '../task/task.ts'
import { log } from '../telemetry/log.ts'
import { HOUR_S } from '../units/time.ts'
import { detailsOf } from './details.ts'
import { countedTasks, countOnce, type Sighting, sightingOf } from './crash_table.ts'

/** Tasks that are counted before others get their turn. */
const AT_ONCE = 20
/** A crash that was seen less often could be told from others by who knows of it. */
const FEW = 3

export interface CrashCounts {
  /** Counts a task that has ended. A database that fails costs nothing now: the next start counts it. */
  count(task: Task, outcome: RecordedOutcome | undefined): Promise<void>
  /** Counts what an earlier server did not come to, a few at a time: after an update it may be all of the spool. */
  catchUp(tasks: readonly Task[], stopping: AbortSignal): Promise<void>
}

export function createCrashCounts(database: Database): CrashCounts {
  const count = async (task: Task, outcome: RecordedOutcome | undefined) => {
    if (!task.exists()) return
    try {
      const hour = endedAt(task)
      const crash = {
        signature: outcome?.crash?.signature ?? '',
        hour,
        release: outcome?.release ?? '',
        package: outcome?.package ?? '',
        outcome: outcome?.code ?? 'unknown',
        duphash: outcome?.crash?.duphash ?? '',
      }
      const details = detailsOf(task, outcome, hour)
      await writeInTurn(database, () => countOnce(database, Number(task.id), crash, details))
    } catch (cause) {
      log('runner').warning(
        `The task is counted at the next start: ${cause instanceof Error ? cause.message : cause}`,
        {
          task: task.id,
        },
      )
    }
  }
  return {
    count,
    async catchUp(tasks, stopping) {
      const known = countedTasks(database)
      let inThisTurn = 0
      for (const task of tasks) {
        if (known.has(Number(task.id))) continue
        if (++inThisTurn % AT_ONCE === 0) await immediate()
        if (stopping.aborted) return
        if (task.hasEnded()) await count(task, readOutcome(task))
      }
    },
  }
}

/** How often a crash was seen and on which releases; undefined: hardly. */
export function knownCrash(database: Database, signature: string): Sighting | undefined {
  const seen = sightingOf(database, signature)
  return seen.times < FEW ? undefined : seen
}

/** The hour in which the log was written, the last of a task's files; Unix seconds. */
function endedAt(task: Task): number {
  const written = statSync(task.file('retrace-log')).mtimeMs / 1000
  return Math.floor(written / HOUR_S) * HOUR_S
}
