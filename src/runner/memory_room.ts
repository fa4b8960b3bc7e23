/**
 * Memory as tasks share it: what each is expected to take by what such ones took before, what it was seen to take, and which
 * one makes room when an estimate was wrong. All in MiB.
 */
import type { Database } from '../database/database.ts'
import { asError } from '../errors/errno.ts'
import { writeInTurn } from '../database/write.ts'
import { plainBlocks } from '../files/plain.ts'
import { availableMb, residentMb } from '../process/memory.ts'
import type { RecordedOutcome } from '../task/outcome_file.ts'
import type { Task } from '../task/task.ts'
import { log } from '../telemetry/log.ts'
import { count } from '../text/count.ts'
import { MIB } from '../units/bytes.ts'
import type { Subject } from './estimates.ts'
import { fits, isScarce } from './memory.ts'
import { addPeak, type Expected, expectedPeak } from './peaks.ts'
import type { WorkerProcess } from './worker_process.ts'

/** What a task needs of memory, and takes. */
export interface Demand {
  readonly like: Expected
  /** Its limit, where nobody knows better. */
  readonly expected: number
  peak: number
}

interface Holder {
  readonly task: Task
  readonly worker: WorkerProcess | undefined
  readonly demand: Demand
  readonly started: number | undefined
}

export interface MemoryRoomOptions {
  database: Database
  /** What a task may have: RETRACE_TASK_MEMORY_MB. */
  limitMb: number
  /** What the upload says about package and release. */
  subjectOf: (task: Task) => Subject
  /** What new programs can have; by default what the kernel says. */
  available?: () => number
}

export class MemoryRoom {
  readonly #options: Required<MemoryRoomOptions>

  constructor(options: MemoryRoomOptions) {
    this.#options = { available: () => availableMb(), ...options }
  }

  /**
   * What a task is about to take, by what has run up to now; `whole`: all that it may have. A database that fails, or a task
   * that cannot be read, costs the estimate only.
   */
  demand(task: Task, { whole }: { whole: boolean }): Demand {
    const { database, limitMb, subjectOf } = this.#options
    const like = this.#attempt(task, () => {
      return { ...subjectOf(task), coreMb: plainBlocks(task.file('coredump')) / MIB }
    }) ?? { package: undefined, release: undefined, coreMb: 0 }
    const expected = whole ? undefined : this.#attempt(task, () => expectedPeak(database, like, limitMb))
    return { like, expected: expected ?? limitMb, peak: 0 }
  }

  /** Whether one more fits. A task whose worker is about to start counts, though it holds nothing yet. */
  fits({ demand: { expected } }: Pick<Holder, 'demand'>, running: readonly Holder[]): boolean {
    const { limitMb, available } = this.#options
    const holders = running.map((each) => ({ used: usedBy(each), expected: each.demand.expected }))
    return fits({ available: available(), running: holders }, { used: 0, expected }, limitMb)
  }

  /**
   * Notes what a running task takes, and tells whether it has to make room: memory runs out, for some took more than was
   * expected, and it is the newest.
   */
  weigh(holder: Holder, running: readonly Holder[]): boolean {
    const { limitMb, available } = this.#options
    holder.demand.peak = Math.max(holder.demand.peak, usedBy(holder))
    if (running.some(({ started = 0 }) => started > (holder.started ?? 0))) return false
    const left = available()
    if (!isScarce({ available: left, running: running.length }, limitMb)) return false
    log('runner').warning(
      `${Math.floor(left)} MiB of memory are left for ${
        count(running.length, 'task')
      }: the newest waits and runs again`,
      { task: holder.task.id },
    )
    return true
  }

  /** Remembers what a task took that has ended. */
  async record({ task, demand: { like, peak } }: Holder, outcome: RecordedOutcome | undefined): Promise<void> {
    if (peak === 0) return
    const found = outcome?.package === undefined ? {} : { package: outcome.package, release: outcome.release }
    const { database } = this.#options
    try {
      await writeInTurn(database, () => addPeak(database, { ...like, ...found }, peak))
    } catch (cause) {
      tellUnknown(task, cause)
    }
  }

  #attempt<Value>(task: Task, act: () => Value): Value | undefined {
    try {
      return act()
    } catch (cause) {
      tellUnknown(task, cause)
      return undefined
    }
  }
}

function tellUnknown(task: Task, cause: unknown): void {
  log('runner').warning(`What tasks take of memory is not known: ${asError(cause).message}`, { task: task.id })
}

function usedBy({ worker }: Holder): number {
  return worker?.pid === undefined ? 0 : residentMb(worker.pid)
}
