/** The closed list of what can go wrong between an address and a verified file; kept as data in `fetch_failure`. */
import { withoutCredentials } from '../../text/credentials.ts'
import { HOUR_S } from '../../units/time.ts'

export type FetchFailureKind = 'not-found' | 'refused' | 'timeout' | 'malformed' | 'unreachable' | 'no-space'

/** A failed download, or one that was refused. Its message is a sentence for the log; it names no credentials, whatever it was made of. */
export class FetchError extends Error {
  override name = 'FetchError'
  readonly kind: FetchFailureKind
  /** Another try may help: the connection broke, the server said 5xx. */
  readonly again: boolean
  /** It is the host that does not answer, whatever it is asked for. */
  readonly isHost: boolean

  constructor(
    kind: FetchFailureKind,
    message: string,
    options: { cause?: unknown; again?: boolean; isHost?: boolean } = {},
  ) {
    super(withoutCredentials(message), options.cause === undefined ? undefined : { cause: options.cause })
    this.kind = kind
    this.again = options.again ?? false
    this.isHost = options.isHost ?? false
  }
}

/** Seconds for which a failure of each kind is remembered: long for what will not change soon, short for a network. */
export const REMEMBERED_S: Record<FetchFailureKind, number> = {
  'not-found': 6 * HOUR_S,
  'refused': HOUR_S,
  'malformed': HOUR_S,
  'timeout': 120,
  'unreachable': 60,
  'no-space': 60,
}
