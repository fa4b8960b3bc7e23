/**
 * Whether a suite's signed description counts. An expired one is refused, one that a clock ahead has signed, and one older
 * than what is here: an attacker, or a mirror that lags, could bring back what was mended since.
 */
import { FetchError } from '../../src/packages/format/error.ts'
import type { RepositorySpec } from '../../src/packages/format/repository_spec.ts'
import type { SignedSuite } from '../../src/packages/format/suite.ts'
import { DAY_S } from '../../src/units/time.ts'

/** Clocks differ, and some are set to local time; nothing that is signed for tomorrow is lost by a day. */
export const MAX_AHEAD_S = DAY_S

export interface Known {
  /** Unix seconds. */
  now: number
  /** Date of the newest generation that counts; undefined: there is none. */
  newest: number | undefined
  /** The administrator wants an older one. */
  acceptsOlder: boolean
}

/** Throws FetchError 'refused'; `warn` hears of what is taken all the same. */
export function assertFresh(
  suite: SignedSuite,
  { checkValidUntil }: RepositorySpec,
  { now, newest, acceptsOlder, warn }: Known & { warn(message: string): void },
): void {
  const { date, release, validUntil, maxAheadS = MAX_AHEAD_S } = suite
  if (date > now + maxAheadS) {
    throw new FetchError(
      'refused',
      `it is of ${shown(date)}, ahead of this machine's clock, which says ${shown(now)}: one of the two is wrong`,
    )
  }
  if (validUntil !== undefined && validUntil < now) {
    if (checkValidUntil) {
      throw new FetchError(
        'refused',
        `it was valid until ${shown(validUntil)}; if that is known and wanted, set Check-Valid-Until: no`,
      )
    }
    warn(`it was valid until ${shown(validUntil)} (Check-Valid-Until: no)`)
  }
  if (newest === undefined || date >= newest) return
  const older = `${date === 0 ? 'it has no date, and may be' : `it is of ${shown(date)},`} older than the one of ${
    shown(newest)
  } that is here`
  if (acceptsOlder) return warn(`${older}, and is taken (--accept-older)`)
  throw new FetchError('refused', `${older}; if that is known and wanted, call abrt-reposync --accept-older ${release}`)
}

function shown(date: number): string {
  return new Date(date * 1000).toISOString()
}
