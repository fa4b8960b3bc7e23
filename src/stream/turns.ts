/** Turns: long work on the one thread that all requests share, cut into pieces. */
import { setImmediate } from 'node:timers/promises'

/** Milliseconds after which whatever else is ready gets its turn. */
const PIECE_MS = 4

export class Turns {
  #since = performance.now()

  /** To be asked after each small step of the work: undefined, or what to wait for before the next one. */
  next(): Promise<void> | undefined {
    return performance.now() - this.#since < PIECE_MS ? undefined : this.#wait()
  }

  async #wait(): Promise<void> {
    await setImmediate()
    this.#since = performance.now()
  }
}
