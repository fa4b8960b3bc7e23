/** How long each step took. No second is counted twice. */
import type { Seconds } from '../../../src/task/outcome_file.ts'
import type { Step } from '../../../src/task/step.ts'

export class Stopwatch {
  readonly #began = performance.now()
  readonly #seconds: Omit<Seconds, 'total'> = { read: 0, resolve: 0, fetch: 0, assemble: 0, debug: 0, report: 0 }
  #step: Step | undefined
  #since = 0

  /** The step that runs. */
  get step(): Step | undefined {
    return this.#step
  }

  /** Ends the running step and begins another. */
  start(step: Step): void {
    this.#stop()
    this.#step = step
    this.#since = performance.now()
  }

  /** Counts seconds of one step as another's, e.g. of `resolve` as `fetch`. Ends the running step. */
  move(from: Step, to: Step, seconds: number): void {
    this.#stop()
    const moved = Math.min(seconds, this.#seconds[from])
    this.#seconds[from] -= moved
    this.#seconds[to] += moved
  }

  /** So far, the running step included; milliseconds are enough. */
  seconds(): Seconds {
    const step = this.#step
    this.#stop()
    if (step !== undefined) this.start(step)
    const rounded = { ...this.#seconds, total: (performance.now() - this.#began) / 1000 }
    for (const [name, value] of Object.entries(rounded)) {
      rounded[name as keyof Seconds] = Math.round(value * 1000) / 1000
    }
    return rounded
  }

  summary(): string {
    return Object.entries(this.seconds()).map(([name, value]) => `${name} ${value.toFixed(2)} s`).join(', ')
  }

  #stop(): void {
    if (this.#step !== undefined) this.#seconds[this.#step] += (performance.now() - this.#since) / 1000
    this.#step = undefined
  }
}
