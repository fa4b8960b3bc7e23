/**
 * A limit on what all downloads of a process take together (RETRACE_FETCH_KB_PER_S). Each piece that came is paid for
 * with a wait; pieces of parallel downloads queue behind each other.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { KIB } from '../../units/bytes.ts'

/** What may come at once after a pause. */
const BURST_MS = 500

export class Bandwidth {
  readonly #bytesPerMs: number
  /** When all that came until now is paid for. */
  #paid = 0

  /** `kbPerS` in KiB a second, above 0. */
  constructor(kbPerS: number) {
    this.#bytesPerMs = kbPerS * KIB / 1000
  }

  /** Resolves when `bytes` more may have come; at once when the signal says so, whose owner gives up anyway. */
  async take(bytes: number, signal: AbortSignal): Promise<void> {
    const now = performance.now()
    this.#paid = Math.max(this.#paid, now - BURST_MS) + bytes / this.#bytesPerMs
    if (this.#paid > now) await sleep(this.#paid - now, undefined, { signal }).catch(() => undefined)
  }
}
