/** Carries a stream to a program's standard input; stops without a fault when the program has read enough. */
import type { Writable } from 'node:stream'

export class Feed {
  /** What the stream threw. */
  failure: unknown
  isWaitingForInput = true
  /** When it last had something for the program, in milliseconds. */
  progress = Date.now()
  #isStopped = false
  readonly #stdin: Writable
  readonly #input: AsyncIterator<Uint8Array>

  constructor(input: AsyncIterable<Uint8Array>, stdin: Writable, onFailure: () => void) {
    this.#stdin = stdin
    this.#input = input[Symbol.asyncIterator]()
    // EPIPE: the program has ended, and its exit code says why.
    stdin.on('error', () => this.stop())
    stdin.on('close', () => this.stop())
    this.#run().catch((cause) => {
      this.failure = cause
      onFailure()
    })
  }

  stop(): void {
    if (this.#isStopped) return
    this.#isStopped = true
    this.#stdin.destroy()
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      this.isWaitingForInput = true
      const { done, value } = await this.#input.next()
      this.isWaitingForInput = false
      this.progress = Date.now()
      if (this.#isStopped) return
      if (done) {
        this.#stdin.end()
        return
      }
      if (!this.#stdin.write(value)) await this.#room()
    }
  }

  #room(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#stdin.off('drain', done).off('close', done)
        resolve()
      }
      this.#stdin.on('drain', done).on('close', done)
      if (this.#stdin.destroyed) done()
    })
  }
}
