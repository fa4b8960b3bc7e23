/**
 * Time limits of a task. Each step has a part of RETRACE_TASK_TIMEOUT_S, which begins with the worker; the seconds that
 * the report needs are given to no other step, so that what came in time is delivered.
 */

const MIN_RESERVE_MS = 1_000
const MAX_RESERVE_MS = 10_000

export class Deadline {
  readonly #end: number
  readonly #now: () => number

  /** `totalMs` from `now()`; `now` in milliseconds, any monotonic clock. */
  constructor(totalMs: number, now: () => number = () => performance.now()) {
    this.#now = now
    this.#end = now() + totalMs - Math.min(MAX_RESERVE_MS, Math.max(MIN_RESERVE_MS, totalMs / 10))
  }

  /** Milliseconds until work has to stop and the report begins; never negative. */
  leftMs(): number {
    return Math.max(0, this.#end - this.#now())
  }

  /** A part of what is left, in milliseconds. */
  share(fraction: number): number {
    return this.leftMs() * fraction
  }

  /** Aborts when a part of what is left is over. */
  signal(fraction: number): AbortSignal {
    return AbortSignal.timeout(Math.ceil(this.share(fraction)))
  }

  /** What `promise` gives, or undefined when the time is over before that, whether or not it heeds a signal. */
  async await<T>(promise: Promise<T>): Promise<T | undefined> {
    let timer: ReturnType<typeof setTimeout> | undefined
    const over = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), this.leftMs())
    })
    promise.catch(() => undefined) // it may fail after nobody waits for it
    try {
      return await Promise.race([promise, over])
    } finally {
      clearTimeout(timer)
    }
  }

  get isOver(): boolean {
    return this.leftMs() === 0
  }
}
