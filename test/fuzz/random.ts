/** Random numbers that a seed repeats (xorshift32). */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = (seed >>> 0) || 1
  }

  /** From 0 to below `limit`, a whole number. */
  below(limit: number): number {
    let x = this.#state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#state = x >>> 0
    return this.#state % Math.max(1, Math.floor(limit))
  }

  /** One of them. */
  of<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)]
    if (item === undefined) throw new Error('Expected at least one item to choose from')
    return item
  }
}
