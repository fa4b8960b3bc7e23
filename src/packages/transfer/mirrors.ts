/**
 * The way over the mirrors that may have a file. It is bounded by time: a list has hundreds of mirrors, and ten that
 * refuse at once are no reason to give up. Every refusal says how many were asked.
 */
import { FetchError } from '../format/error.ts'

/** For one file. A mirror that is begun with gets the time of a download of its own. */
const PATIENCE_MS = 180_000

export class MirrorWalk implements Iterable<string> {
  readonly #mirrors: readonly string[]
  readonly #patienceMs: number
  #asked = 0
  #first: FetchError | undefined

  constructor(mirrors: readonly string[], { patienceMs = PATIENCE_MS } = {}) {
    this.#mirrors = mirrors
    this.#patienceMs = patienceMs
  }

  /** The best first, while there is time. */
  *[Symbol.iterator](): Generator<string> {
    const end = performance.now() + this.#patienceMs
    for (const mirror of this.#mirrors) {
      if (this.#asked > 0 && performance.now() >= end) return
      this.#asked++
      yield mirror
    }
  }

  /** A mirror could not give it; what is no failure of a fetch, or the end of all of them, is thrown on. */
  failed(error: unknown, signal: AbortSignal): void {
    if (!(error instanceof FetchError) || signal.aborted) throw error
    this.#first ??= error
  }

  /** What the first mirror said, and how many were asked. */
  get refusal(): FetchError {
    const first = this.#first ?? new FetchError('not-found', 'There is no mirror to ask')
    const all = this.#mirrors.length
    if (all < 2) return first
    const asked = this.#asked === all
      ? `all ${all} mirrors`
      : `${this.#asked} of ${all} mirrors, for as long as it may take,`
    const { kind, again, isHost, cause } = first
    return new FetchError(kind, `${first.message} (${asked} were asked)`, { again, isHost, cause })
  }
}
