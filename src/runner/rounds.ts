/**
 * Tasks between two runs: each waits for memory that the debugger missed (task/rounds.ts), a while, and holds its client's place
 * alone. How a task goes on is its owner's business.
 */
import { log } from '../telemetry/log.ts'
import type { Task } from '../task/task.ts'
import type { Job } from './job.ts'
import type { WorkerEnd } from './worker_process.ts'

/** The last line of a log, where the result is that of an earlier run. */
export const NO_MEMORY = 'server: no more memory came; this is the result without it'
export const RUN_DIED = 'server: the run with more memory did not come to its end; this is the result without that'

interface Waiting {
  readonly job: Job
  /** It waits no longer. */
  readonly over: AbortController
  readonly timer: ReturnType<typeof setTimeout>
  /** Both of performance.now(). */
  readonly since: number
  readonly until: number
  /** Somebody brings memory just now. */
  isTaken: boolean
  /** What came is written just now: nothing but a deletion or the end of the server comes between. */
  isHeld: boolean
  /** The time was over meanwhile. */
  isLate: boolean
}

/** The right to bring the memory that a task waits for, until it is disposed of. */
export interface MemoryTurn extends Disposable {
  /** Aborts when the task waits no longer: what comes then comes too late. */
  readonly signal: AbortSignal
  /** From here on the task waits until this is disposed of, however late that is. False: it waits no longer. */
  hold(): boolean
  /** The task runs again. False: it waits no longer. */
  goOn(): boolean
  /** It ends with what it has. False: it waits no longer. */
  giveUp(): boolean
}

/** Its worker has kept its result aside, and asks for more memory. */
export function wantsMemory(task: Task, { end, timedOut }: { end: WorkerEnd; timedOut: boolean }): boolean {
  return !timedOut && end.code === 0 && !task.hasEnded() && task.has('wanted')
}

export class Rounds {
  readonly #waiting = new Map<string, Waiting>()
  readonly #goOn: (job: Job) => void
  readonly #giveUp: (job: Job) => void

  /** `goOn`: memory came; `giveUp`: none did. Both get the job as it was, with its share. */
  constructor(then: { goOn: (job: Job) => void; giveUp: (job: Job) => void }) {
    this.#goOn = then.goOn
    this.#giveUp = then.giveUp
  }

  wait(job: Job, seconds: number): void {
    const { id } = job.task
    const timer = setTimeout(() => this.#timeIsOver(waiting), seconds * 1000)
    const waiting: Waiting = {
      job,
      over: new AbortController(),
      timer,
      since: performance.now(),
      until: performance.now() + seconds * 1000,
      isTaken: false,
      isHeld: false,
      isLate: false,
    }
    this.#waiting.set(id, waiting)
    log('runner').info(`Waits ${seconds} s for memory that was missed`, { task: id })
  }

  has(id: string): boolean {
    return this.#waiting.has(id)
  }

  /** Seconds that the task waits at most from now; undefined: it waits for nothing. */
  secondsLeft(id: string): number | undefined {
    const waiting = this.#waiting.get(id)
    return waiting && Math.max(0, Math.ceil((waiting.until - performance.now()) / 1000))
  }

  /** Of those that wait, the fewest seconds that one may; undefined: none waits. */
  soonest(): number | undefined {
    const left = [...this.#waiting.keys()].map((id) => this.secondsLeft(id) ?? 0)
    return left.length === 0 ? undefined : Math.min(...left)
  }

  /** Undefined: the task waits for nothing, or somebody else brings it just now. */
  turn(id: string): MemoryTurn | undefined {
    const waiting = this.#waiting.get(id)
    if (waiting === undefined || waiting.isTaken) return undefined
    waiting.isTaken = true
    return {
      signal: waiting.over.signal,
      hold: () => waiting.isHeld = this.#waiting.get(id) === waiting,
      goOn: () => this.#end(waiting, this.#goOn),
      giveUp: () => this.#end(waiting, this.#giveUp),
      [Symbol.dispose]: () => {
        waiting.isTaken = waiting.isHeld = false
        if (waiting.isLate) this.#timeIsOver(waiting)
      },
    }
  }

  #timeIsOver(waiting: Waiting): void {
    waiting.isLate = true
    if (!waiting.isHeld) this.#end(waiting, this.#giveUp)
  }

  #end(waiting: Waiting, then: (job: Job) => void): boolean {
    const { job } = waiting
    if (this.#waiting.get(job.task.id) !== waiting) return false
    job.waitedMs += performance.now() - waiting.since
    this.#leave(job.task.id)
    then(job)
    return true
  }

  #leave(id: string): Waiting | undefined {
    const waiting = this.#waiting.get(id)
    if (waiting === undefined) return undefined
    this.#waiting.delete(id)
    clearTimeout(waiting.timer)
    waiting.over.abort()
    return waiting
  }

  /** Of a task that is deleted, or of all that wait when the server stops: they end with the next one, with what they have. */
  drop(id: string): void {
    this.#leave(id)?.job.share?.[Symbol.dispose]()
  }

  dropAll(): void {
    for (const id of [...this.#waiting.keys()]) this.drop(id)
  }
}
