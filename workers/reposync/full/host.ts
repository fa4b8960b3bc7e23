/**
 * The packages of one host, and its health: when it does not answer, all of its lanes wait together, longer each time,
 * and in the end it is left for the next run. A failure of the host is not counted against the package.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { log } from '../../../src/telemetry/log.ts'
import type { Wanted } from './plan.ts'

export class Host {
  readonly name: string
  readonly #waits: readonly number[]
  readonly #signal: AbortSignal
  #pending: Wanted[] = []
  #strikes = 0
  #pause: Promise<void> | undefined

  /** `waits`: milliseconds after the first, second, ... failure in a row; after the last it is given up. */
  constructor(name: string, { waits, signal }: { waits: readonly number[]; signal: AbortSignal }) {
    this.name = name
    this.#waits = waits
    this.#signal = signal
  }

  add(wanted: Wanted): void {
    this.#pending.push(wanted)
  }

  /** Packages that were not tried. */
  get left(): number {
    return this.#pending.length
  }

  get isGivenUp(): boolean {
    return this.#strikes > this.#waits.length
  }

  /** The next package, once the host may be asked again; undefined: there is none, or it was given up. */
  async next(): Promise<Wanted | undefined> {
    while (this.#pause !== undefined) await this.#pause
    return this.isGivenUp || this.#signal.aborted ? undefined : this.#pending.shift()
  }

  answered(): void {
    this.#strikes = 0
  }

  /** The host did not answer for this package, which is tried again later. */
  failed(wanted: Wanted, why: string): void {
    this.#pending.unshift(wanted)
    // Other lanes of this host have failed for the same reason.
    if (this.#pause !== undefined || this.isGivenUp) return
    const wait = this.#waits[this.#strikes++]
    if (wait === undefined) {
      log('reposync').error(`full: ${this.name} is given up for this run: ${why}`)
      return
    }
    log('reposync').warning(`full: ${this.name} is asked again in ${wait / 1000} s: ${why}`)
    this.#pause = sleep(wait, undefined, { signal: this.#signal }).catch(() => undefined)
      .then(() => this.#pause = undefined)
  }
}
