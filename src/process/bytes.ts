/** Bytes that come in pieces, in one piece: what holds them grows with their number, not with that of the pieces. */

const LEAST = 4096

export class Bytes {
  #held = new Uint8Array(LEAST)
  #length = 0

  get length(): number {
    return this.#length
  }

  add(piece: Uint8Array): void {
    const needed = this.#length + piece.length
    if (needed > this.#held.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.#held.length))
      larger.set(this.#held.subarray(0, this.#length))
      this.#held = larger
    }
    this.#held.set(piece, this.#length)
    this.#length = needed
  }

  /** All so far; it begins anew. The value is the caller's. */
  take(): Uint8Array {
    const taken = this.#held.subarray(0, this.#length)
    this.clear()
    return taken
  }

  clear(): void {
    this.#held = new Uint8Array(LEAST)
    this.#length = 0
  }
}
