/**
 * The way over the mirrors that may have a file. It is bounded by time: a list has hundreds of mirrors, and ten that
 * refuse at once are no reason to give up. Every refusal says how many were asked, and what they said.
 */
import { decisiveOf, FetchError, isPassing } from '../format/error.ts'

export class MirrorWalk implements Iterable<string> {
  readonly #mirrors: readonly string[]
  readonly #patienceMs: number
  #asked = 0
  readonly #failures: FetchError[] = []

  /** `patienceMs`: RETRACE_MIRRORS_S. A mirror that is begun with gets the time of a download of its own. */
  constructor(mirrors: readonly string[], { patienceMs }: { patienceMs: number }) {
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
    // Of this machine, not of a mirror.
    if (isPassing(error.kind)) throw error
    this.#failures.push(error)
  }

  /** What decides of all that they said, and how many were asked. */
  get refusal(): FetchError {
    const first = decisiveOf(this.#failures) ?? new FetchError('not-found', 'There is no mirror to ask')
    const all = this.#mirrors.length
    if (all < 2) return first
    const asked = this.#asked === all
      ? `all ${all} mirrors`
      : `${this.#asked} of ${all} mirrors, for ${this.#patienceMs / 1000} s (RETRACE_MIRRORS_S),`
    const { kind, again, isHost, cause } = first
    return new FetchError(kind, `${first.message} (${asked} were asked${this.#kinds()})`, { again, isHost, cause })
  }

  /** `: 2 not-found, 1 timeout`, where they did not all say the same. */
  #kinds(): string {
    const counts = new Map<string, number>()
    for (const { kind } of this.#failures) counts.set(kind, (counts.get(kind) ?? 0) + 1)
    return counts.size < 2 ? '' : `: ${[...counts].map(([kind, times]) => `${times} ${kind}`).join(', ')}`
  }
}
