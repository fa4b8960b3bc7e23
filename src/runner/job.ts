/** A task between its acceptance and its end, as the runner keeps it. */
import { log } from '../telemetry/log.ts'
import type { Task } from '../task/task.ts'
import { removeInTheWay, removeTraces } from '../task/tidy.ts'
import { writeNote } from '../task/write.ts'
import type { Demand } from './memory_room.ts'
import type { WorkerProcess } from './worker_process.ts'

export interface Job {
  task: Task
  accepted: number
  /** Of the time since: for memory from its client, which is not what the task takes. */
  waitedMs: number
  /** It has run before, and memory came for it from its client: it takes no newcomer's place. */
  goesOn: boolean
  estimate: number
  demand: Demand
  /** It makes room for others, and runs again. */
  isPutBack: boolean
  /** It was put back, so that it waits until all that it may have is free. */
  needsAll: boolean
  started: number | undefined
  worker: WorkerProcess | undefined
  /** Of what its client may have at once. */
  share: Disposable | undefined
  stopped: boolean
  ended: Promise<void>
}

/** Notes when a worker begins; removes what an earlier one that was killed left behind. */
export function begin(task: Task, now: number): void {
  for (const name of removeInTheWay(task)) {
    log('runner').warning(`Removed ${name}, which was no file`, { task: task.id })
  }
  removeTraces(task)
  writeNote(task, 'started', `${new Date(now).toISOString()}\n`)
}

/** What resolves when a job has ended. */
export function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined
  const promise = new Promise<void>((settle) => resolve = settle)
  return { promise, resolve }
}

export function hasStarted({ started }: Job): boolean {
  return started !== undefined
}

/** Seconds that a running task is expected to take still, at least 1. */
export function secondsLeft({ estimate, started = 0 }: Job): number {
  return Math.max(1, estimate - (Date.now() - started) / 1000)
}
