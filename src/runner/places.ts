/**
 * Who runs next. Newcomers have RETRACE_MAX_RUNNING_TASKS places, in the order in which they came; tasks that go on, for memory came from
 * their client, have half as many of their own, so that neither holds the other up. Memory is shared by both: it goes to who got a place
 * first. Nothing is refused here.
 */
import PQueue from 'p-queue'
import { expectedStarts } from './estimates.ts'
import type { Job } from './job.ts'

/** How many tasks that go on run at once, at most, beside so many newcomers. */
export function placesToGoOn(maxRunningTasks: number): number {
  return Math.max(1, maxRunningTasks >> 1)
}

export class Places {
  readonly #newcomers: PQueue
  readonly #goingOn: PQueue
  /** Who has a place, in the order in which they got it. */
  readonly #holders = new Set<Job>()
  /** Who has none yet. */
  readonly #leaving = new Map<Job, AbortController>()

  constructor(maxRunningTasks: number) {
    this.#newcomers = new PQueue({ concurrency: maxRunningTasks })
    this.#goingOn = new PQueue({ concurrency: placesToGoOn(maxRunningTasks) })
  }

  /** Does `act` once the job has a place, which it keeps until that is done; throws what that throws. Nothing, where it left before. */
  async hold(job: Job, act: () => Promise<void>): Promise<void> {
    const leaving = new AbortController()
    this.#leaving.set(job, leaving)
    try {
      await this.#queueOf(job).add(async () => {
        this.#leaving.delete(job)
        this.#holders.add(job)
        try {
          await act()
        } finally {
          this.#holders.delete(job)
        }
      }, { signal: leaving.signal })
    } catch (cause) {
      if (!leaving.signal.aborted) throw cause
    } finally {
      this.#leaving.delete(job)
    }
  }

  /** Of one that has no place yet: it wants none any more. Nothing of it stays in the queue. */
  leave(job: Job): void {
    this.#leaving.get(job)?.abort()
  }

  /**
   * Whether it is the job's turn to take memory. One without a place has no turn: it would let those wait that have one, for a place that
   * none of them can give it.
   */
  isNext(job: Job): boolean {
    return [...this.#holders].find(isWaiting) === job
  }

  /**
   * Place of a job that waits, from 1: behind all that begin before it for certain, those with a place and those of its kind that came
   * earlier. With the seconds until its expected start. `left`: what a running one is expected to take still.
   */
  position(job: Job, jobs: readonly Job[], left: (job: Job) => number): { place: number; startsIn: number } {
    const holders = [...this.#holders].filter(isWaiting)
    const others = jobs.filter((each) => isWaiting(each) && isAlike(each, job) && !this.#holders.has(each))
    const alike = [...holders.filter((each) => isAlike(each, job)), ...others]
    const running = jobs.filter((each) => each.started !== undefined && isAlike(each, job))
    const starts = expectedStarts(
      running.map(left),
      alike.map(({ estimate }) => estimate),
      this.#queueOf(job).concurrency,
    )
    return { place: [...holders, ...others].indexOf(job) + 1, startsIn: starts[alike.indexOf(job)] ?? 0 }
  }

  /** Nothing that waits for a place gets one any more. */
  pause(): void {
    this.#newcomers.pause()
    this.#goingOn.pause()
  }

  #queueOf({ goesOn }: Job): PQueue {
    return goesOn ? this.#goingOn : this.#newcomers
  }
}

function isWaiting({ started, stopped }: Job): boolean {
  return started === undefined && !stopped
}

function isAlike(one: Job, other: Job): boolean {
  return one.goesOn === other.goesOn
}
