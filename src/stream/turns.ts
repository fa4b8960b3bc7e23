/**
 * Turns: long work on the one thread that all requests share, cut into pieces. Small steps between two waits for bytes go on at
 * once; whoever works longer stands in one queue with all others, of which one goes on in each round of the event loop. Did each
 * of 20 uploads count for itself, others would wait for 20 pieces.
 */
import { setImmediate } from 'node:timers'

/** Milliseconds that one work may take in a round, and all together. */
const PIECE_MS = 4
const ROUND_MS = 8

const waiting: (() => void)[] = []
let round = 0
let spentMs = 0
let isArmed = false

export class Turns {
  #round = -1
  #last = 0
  #spentMs = 0

  /** To be asked after each small step of the work: undefined, or what to wait for before the next one. */
  next(): Promise<void> | undefined {
    const now = performance.now()
    if (this.#round !== round) this.#begin(now)
    const step = now - this.#last
    this.#last = now
    this.#spentMs += step
    spentMs += step
    arm()
    return this.#spentMs < PIECE_MS && spentMs < ROUND_MS ? undefined : this.#wait()
  }

  async #wait(): Promise<void> {
    await new Promise<void>((resolve) => void waiting.push(resolve))
    this.#begin(performance.now())
  }

  #begin(now: number): void {
    this.#round = round
    this.#last = now
    this.#spentMs = 0
  }
}

/** Begins a new round when this one is over, and lets the one go on that has waited longest. */
function arm(): void {
  if (isArmed) return
  isArmed = true
  setImmediate(() => {
    isArmed = false
    round++
    spentMs = 0
    waiting.shift()?.()
    if (waiting.length > 0) arm()
  })
}
