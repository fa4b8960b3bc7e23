/**
 * Bytes of a stream, pulled in the amounts that a parser asks for, copied only where a header lies across two chunks.
 * No more is held than one chunk and what was asked for.
 */
import { concatenate } from './bytes.ts'

const NOTHING = new Uint8Array()

export class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>
  #current: Uint8Array = NOTHING
  #read = 0
  #hasEnded = false

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]()
  }

  /** How many bytes were handed out. */
  get position(): number {
    return this.#read
  }

  /** What has arrived and was not handed out. */
  get arrived(): Uint8Array {
    return this.#current
  }

  /** The next bytes, at least one and at most `limit`; undefined at the end. The view is never written to again. */
  async some(limit: number): Promise<Uint8Array | undefined> {
    while (this.#current.length === 0) {
      if (!await this.#next()) return undefined
    }
    const piece = this.#current.length > limit ? this.#current.subarray(0, limit) : this.#current
    this.#current = this.#current.subarray(piece.length)
    this.#read += piece.length
    return piece
  }

  /** The next `length` bytes, or fewer at the end. `length` is a checked number. */
  async exactly(length: number): Promise<Uint8Array> {
    const pieces: Uint8Array[] = []
    let missing = length
    while (missing > 0) {
      const piece = await this.some(missing)
      if (piece === undefined) break
      pieces.push(piece)
      missing -= piece.length
    }
    return pieces.length === 1 ? pieces[0]! : concatenate(pieces)
  }

  /** The next bytes, at most `length`, without taking them. */
  async peek(length: number): Promise<Uint8Array> {
    const pieces = [this.#current]
    let have = this.#current.length
    while (have < length && await this.#next()) {
      pieces.push(this.#current)
      have += this.#current.length
    }
    if (pieces.length > 1) this.#current = concatenate(pieces)
    return this.#current.subarray(0, length)
  }

  /** Puts back bytes that `some` handed out last. */
  unread(piece: Uint8Array): void {
    this.#read -= piece.length
    this.#current = this.#current.length === 0 ? piece : concatenate([piece, this.#current])
  }

  /** What is left, as chunks. */
  async *rest(): AsyncGenerator<Uint8Array> {
    for (let chunk = await this.some(Infinity); chunk !== undefined; chunk = await this.some(Infinity)) yield chunk
  }

  async #next(): Promise<boolean> {
    if (this.#hasEnded) return false
    const { done, value } = await this.#chunks.next()
    this.#hasEnded = done === true
    if (!done) this.#current = value
    return !done
  }
}
