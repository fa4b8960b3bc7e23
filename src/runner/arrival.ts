/**
 * An upload on its way to a place: it takes one when a tenth of its body and 64 KiB of it are there, or all of a smaller one,
 * and its worker is started when half of it is and the core has begun. Who sends a few bytes and waits keeps nobody out, and
 * starts nothing: a tenth of a tiny body is nothing, and so is a beginning that unpacks to a core.
 */
import { KIB } from '../units/bytes.ts'
import type { Admission } from './admission.ts'

const PLACE_PART = 0.1
const LEAST_BYTES = 64 * KIB
const WORKER_PART = 0.5

export class Arrival implements Disposable {
  readonly #length: number
  /** Bytes for which it gets a place. */
  readonly #forPlace: number
  readonly #admit: () => Admission
  #bytes = 0
  #admission: Admission | undefined
  /** Where the core arrives, once it has begun. */
  #draft: string | undefined
  #isOver = false

  constructor(options: { length: number; admit: () => Admission }) {
    this.#length = options.length
    this.#forPlace = Math.min(options.length, Math.max(options.length * PLACE_PART, LEAST_BYTES))
    this.#admit = options.admit
  }

  /** Passes a body on and counts it, until it is disposed of: whoever carries it elsewhere may still wait for a chunk then. Throws what `admit` throws. */
  async *watch(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of body) {
      if (this.#isOver) return
      this.#bytes += chunk.length
      if (this.#bytes >= this.#forPlace) this.place()
      this.#prestart()
      yield chunk
    }
  }

  /** The core begins, so the upload looks like one. `draft` becomes the task's directory. */
  coreBegan(draft: string): void {
    this.#draft = draft
    this.#prestart()
  }

  /** Its place, taken now if it has none. Throws server-full or draining. */
  place(): Admission {
    return this.#admission ??= this.#admit()
  }

  #prestart(): void {
    if (this.#draft !== undefined && this.#bytes >= this.#length * WORKER_PART) this.#admission?.prestart(this.#draft)
  }

  [Symbol.dispose](): void {
    this.#isOver = true
    this.#admission?.[Symbol.dispose]()
  }
}
