/** Whether a suite's signed description counts: one that has expired does not, nor one older than what is here. */
import { FetchError } from '../../src/packages/format/error.ts'
import type { RepositorySpec } from '../../src/packages/format/repository_spec.ts'
import type { SignedSuite } from '../../src/packages/format/suite.ts'

export interface Known {
  /** Unix seconds. */
  now: number
  /** Of the newest generation that was accepted; undefined: none was. */
  newest: number | undefined
}

/** Throws FetchError 'refused'; `warn` hears of what is taken all the same. */
export function assertFresh(
  suite: SignedSuite,
  { checkValidUntil }: RepositorySpec,
  { now, newest, warn }: Known & { warn(message: string): void },
): void {
  if (suite.validUntil !== undefined && suite.validUntil < now) {
    const since = shown(suite.validUntil)
    if (checkValidUntil) {
      throw new FetchError(
        'refused',
        `it was valid until ${since}; if that is known and wanted, set Check-Valid-Until: no`,
      )
    }
    warn(`it was valid until ${since} (Check-Valid-Until: no)`)
  }
  if (newest !== undefined && suite.date < newest) {
    const age = suite.date === 0 ? 'it has no date, and may be' : `it is of ${shown(suite.date)},`
    throw new FetchError('refused', `${age} older than the one of ${shown(newest)} that is here`)
  }
}

function shown(date: number): string {
  return new Date(date * 1000).toISOString()
}
