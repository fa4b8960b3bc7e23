/** The closed list of what can go wrong between an address and a verified file; kept as data in `fetch_failure`. */
import { withoutCredentials } from '../../text/credentials.ts'
import { HOUR_S } from '../../units/time.ts'

export type FetchFailureKind = RememberedKind | 'no-space'
export type RememberedKind = 'not-found' | 'refused' | 'timeout' | 'malformed' | 'unreachable' | 'machine'
/**
 * Of this machine, not of what is fetched. `machine`: it had no process, memory or descriptor left, or a program does not work; or so it
 * seems: a package can want more than any opener may have, and can have its opener say so. No more follows from it than that it is tried
 * again soon.
 */
export type PassingKind = 'no-space' | 'machine'

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

/**
 * The one of several failures to have the same file that tells what to do: one of this machine, else the one that passes soonest, since where one
 * mirror was not to be reached, nobody knows that the file is gone. It is the host's only where it is of all of them.
 */
export function decisiveOf(failures: readonly FetchError[]): FetchError | undefined {
  const [first] = failures.toSorted((a, b) =>
    Number(isPassing(b.kind)) - Number(isPassing(a.kind)) || REMEMBERED_S[a.kind] - REMEMBERED_S[b.kind]
  )
  const isHost = failures.every((one) => one.isHost)
  if (first === undefined || first.isHost === isHost) return first
  const { kind, message, again, cause } = failures.find((one) => !one.isHost && one.kind === first.kind) ?? first
  return new FetchError(kind, message, { again, isHost, cause })
}

/**
 * Seconds for which a failure of each kind is remembered: long for what will not change soon, short for a network, and for what this
 * machine lacked, so that not every task tries a package that wants too much. Room on the disk is looked at anew each time.
 */
export const REMEMBERED_S: Record<RememberedKind, number> & Record<'no-space', 0> = {
  'not-found': 6 * HOUR_S,
  'refused': HOUR_S,
  'malformed': HOUR_S,
  'timeout': 120,
  'unreachable': 60,
  'machine': 60,
  'no-space': 0,
}

const PASSING: readonly FetchFailureKind[] = ['no-space', 'machine'] satisfies PassingKind[]

/** Whether it is one of this machine, whatever is fetched from wherever. */
export function isPassing(kind: FetchFailureKind): kind is PassingKind {
  return PASSING.includes(kind)
}
