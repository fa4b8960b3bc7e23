/** How much of something each one has at once, and the most that one may have: an address of places, a task of readers. */

export class Shares {
  readonly #limit: number
  readonly #taken = new Map<string, number>()

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Whether `who` has all that one may have. */
  isFull(who: string): boolean {
    return (this.#taken.get(who) ?? 0) >= this.#limit
  }

  /** Counts one more of `who`, until it is disposed, over the limit too: who is to be refused asks `isFull` first. */
  take(who: string): Disposable {
    this.#taken.set(who, (this.#taken.get(who) ?? 0) + 1)
    let isTaken = true
    return {
      [Symbol.dispose]: () => {
        if (isTaken) this.#giveBack(who)
        isTaken = false
      },
    }
  }

  #giveBack(who: string): void {
    const left = (this.#taken.get(who) ?? 1) - 1
    if (left > 0) this.#taken.set(who, left)
    else this.#taken.delete(who)
  }
}
