/**
 * The body of one upload on its way to a thread: gathered, since a message costs as much as copying some hundred KiB, and sent no
 * faster than the thread takes it.
 */
import { Buffer } from 'node:buffer'
import { setImmediate } from 'node:timers'
import type { MessagePort } from 'node:worker_threads'
import { Bell } from '../stream/bell.ts'
import { KIB, MIB } from '../units/bytes.ts'
import type { ToUnpack } from './messages.ts'

const BLOCK = 256 * KIB
/** Bytes that were sent and not taken yet, after which no more are read. */
const WINDOW = MIB

export class Carriage {
  readonly #port: MessagePort
  readonly #bell = new Bell()
  #block: Buffer | undefined
  #gathered = 0
  #underway = 0
  #isFlushPlanned = false
  #isOver = false
  /** What the body threw. */
  failure: unknown

  constructor(port: MessagePort) {
    this.#port = port
  }

  /** Sends `body` until its end, or until `stop`. Never throws: see `failure`. */
  async send(body: AsyncIterable<Uint8Array>): Promise<void> {
    const chunks = body[Symbol.asyncIterator]()
    try {
      for (;;) {
        while (this.#underway >= WINDOW && !this.#isOver) await this.#bell.heard()
        if (this.#isOver) return
        const { done, value } = await chunks.next()
        if (this.#isOver) return
        if (done) break
        this.#gather(value)
      }
    } catch (cause) {
      this.failure = cause
      this.#flush()
      return this.#post({ kind: 'broken' })
    }
    this.#flush()
    this.#post({ kind: 'end' })
  }

  /** The thread has taken so many bytes, and wants others. */
  taken(bytes: number): void {
    this.#underway -= bytes
    this.#flush()
    this.#bell.ring()
  }

  /** The thread wants no more; whoever waits for a chunk of the body ends that. */
  stop(): void {
    this.#isOver = true
    this.#bell.ring()
  }

  #gather(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length;) {
      const block = this.#block ??= Buffer.allocUnsafeSlow(BLOCK)
      const piece = chunk.subarray(at, at + BLOCK - this.#gathered)
      block.set(piece, this.#gathered)
      this.#gathered += piece.length
      at += piece.length
      if (this.#gathered === BLOCK) this.#flush()
    }
    // With nothing to do the thread gets what there is at the end of this turn; else when it has taken what it has.
    if (this.#underway > 0 || this.#isFlushPlanned) return
    this.#isFlushPlanned = true
    setImmediate(() => {
      this.#isFlushPlanned = false
      this.#flush()
    })
  }

  #flush(): void {
    if (this.#block === undefined) return
    const bytes = this.#block.subarray(0, this.#gathered)
    this.#underway += bytes.length
    this.#block = undefined
    this.#gathered = 0
    this.#post({ kind: 'bytes', bytes }, [bytes.buffer as ArrayBuffer])
  }

  #post(message: ToUnpack, moved: ArrayBuffer[] = []): void {
    if (!this.#isOver) this.#port.postMessage(message, moved)
  }
}
