/**
 * How often passwords are tried: each client has a few wrong ones a minute. A password has 131 bits; this is so that a log and a
 * processor are not filled, too.
 */
import { RetraceError } from '../errors/errors.ts'

const MAX_WRONG = 10
const WINDOW_MS = 60_000
/** Clients that are remembered at once; beyond them the oldest is forgotten. */
const MAX_CLIENTS = 10_000

export class LoginAttempts {
  readonly #now: () => number
  readonly #wrong = new Map<string, { since: number; times: number }>()

  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  /** Throws too-many-logins for a client that has used up its minute. */
  demandPatience(client: string): void {
    const known = this.#current(client)
    if (known === undefined || known.times < MAX_WRONG) return
    const seconds = Math.max(1, Math.ceil((known.since + WINDOW_MS - this.#now()) / 1000))
    throw new RetraceError('too-many-logins', {
      detail: `${MAX_WRONG} wrong passwords came from your address within a minute; try again in ${seconds} s`,
      headers: { 'Retry-After': String(seconds) },
    })
  }

  wrong(client: string): void {
    const known = this.#current(client) ?? { since: this.#now(), times: 0 }
    known.times++
    this.#wrong.delete(client)
    this.#wrong.set(client, known)
    for (const oldest of this.#wrong.keys()) {
      if (this.#wrong.size <= MAX_CLIENTS) break
      this.#wrong.delete(oldest)
    }
  }

  #current(client: string): { since: number; times: number } | undefined {
    const known = this.#wrong.get(client)
    return known !== undefined && known.since + WINDOW_MS > this.#now() ? known : undefined
  }
}
