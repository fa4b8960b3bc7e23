/** How many requests each client took back within a minute: each costs us the work and the client a few bytes. */

/** Of one client, on all its connections. A lab behind one address that watches many tasks stays far below. */
export const MAX_TAKEN_BACK = 500
const WINDOW_MS = 60_000
/** Clients that are kept apart; beyond those all begin anew. */
const MAX_CLIENTS = 10_000

export class TakenBack {
  readonly limit: number
  readonly #now: () => number
  readonly #found = new Map<string, { since: number; times: number }>()

  constructor({ limit = MAX_TAKEN_BACK, now = Date.now }: { limit?: number; now?: () => number } = {}) {
    this.limit = limit
    this.#now = now
  }

  add(client: string): void {
    const found = this.#of(client)
    if (found !== undefined) return void found.times++
    if (this.#found.size >= MAX_CLIENTS) this.#found.clear()
    this.#found.set(client, { since: this.#now(), times: 1 })
  }

  isTooMany(client: string): boolean {
    return (this.#of(client)?.times ?? 0) >= this.limit
  }

  /** What counts of a client still. */
  #of(client: string): { times: number } | undefined {
    const found = this.#found.get(client)
    if (found === undefined || this.#now() - found.since <= WINDOW_MS) return found
    this.#found.delete(client)
    return undefined
  }
}
