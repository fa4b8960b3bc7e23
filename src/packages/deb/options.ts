/** What a stanza says, in apt's words, that no other format has: how its Release file is found, and how long it counts. */
import { DAY_S } from '../../units/time.ts'
import type { RepositorySpec } from '../format/repository_spec.ts'
import type { ReleaseFile } from './release_file.ts'

export interface DebOptions {
  /** False: the machine's clock is not to be trusted, so no date is compared with it. */
  checkDate: boolean
  /** Seconds. */
  dateMaxFuture: number | undefined
  validUntilMin: number | undefined
  validUntilMax: number | undefined
  /** Below the suite's address, in place of InRelease; there is no other then. */
  inReleasePath: string | undefined
  /** The address is one of a list of mirrors (`mirror+https:` and the like). */
  isMirrorList: boolean
}

/** Those of a repository that this format configured. */
export function optionsOf({ own }: Pick<RepositorySpec, 'own'>): Partial<DebOptions> {
  return typeof own === 'object' && own !== null ? own : {}
}

/** Until when a Release file counts, and how far ahead of the clock its date may be. */
export function limitsOf(
  { checkDate = true, dateMaxFuture, validUntilMin, validUntilMax }: Partial<DebOptions>,
  { date, validUntil }: Pick<ReleaseFile, 'date' | 'validUntil'>,
): { validUntil: number | undefined; maxAheadS: number } {
  if (!checkDate) return { validUntil: undefined, maxAheadS: Infinity }
  const atLeast = validUntil === undefined || validUntilMin === undefined
    ? validUntil
    : Math.max(validUntil, date + validUntilMin)
  const atMost = validUntilMax === undefined || date === 0
    ? atLeast
    : Math.min(atLeast ?? Infinity, date + validUntilMax)
  // apt's usual amount is 10 seconds, which a mirror that is read every few hours has no use for.
  return { validUntil: atMost, maxAheadS: dateMaxFuture ?? DAY_S }
}
