import { describe, expect, it } from 'vitest'
import type { RepositorySpec } from '../../../src/packages/format/repository_spec.ts'
import type { SignedSuite } from '../../../src/packages/format/suite.ts'
import { assertFresh } from '../../../workers/reposync/freshness.ts'

const NOW = 1_800_000_000
const DAY = 86_400

/** What is said of a suite; undefined: it is taken without a word. */
function verdictOn(
  suite: Partial<SignedSuite>,
  { newest, acceptsOlder = false, checkValidUntil = true }: Partial<
    { newest: number; acceptsOlder: boolean; checkValidUntil: boolean }
  > = {},
): string | undefined {
  const warnings: string[] = []
  const full = { release: 'debian-12', date: NOW, validUntil: undefined, indices: () => '', ...suite }
  const known = { now: NOW, newest, acceptsOlder, warn: (message: string) => void warnings.push(message) }
  try {
    assertFresh(full, { checkValidUntil } as RepositorySpec, known)
    return warnings.length === 0 ? undefined : `taken: ${warnings.join()}`
  } catch (error) {
    return String(error)
  }
}

describe('assertFresh()', () => {
  it('takes what is dated within a day of the clock, and refuses what is further ahead', () => {
    expect(verdictOn({ date: NOW + DAY })).toBeUndefined()
    expect(verdictOn({ date: NOW + DAY + 1 })).toContain(
      "it is of 2027-01-16T08:00:01.000Z, ahead of this machine's clock, which says 2027-01-15T08:00:00.000Z: one of the two",
    )
    expect(verdictOn({ date: NOW + 20, maxAheadS: 10 })).toContain('ahead of')
    expect(verdictOn({ date: NOW + 900 * DAY, maxAheadS: Infinity })).toBeUndefined()
  })

  it('refuses what is older than what is here, and names the option that takes it', () => {
    expect(verdictOn({ date: NOW - DAY }, { newest: NOW })).toContain(
      'older than the one of 2027-01-15T08:00:00.000Z that is here; if that is known and wanted, call abrt-reposync ' +
        '--accept-older debian-12',
    )
    expect(verdictOn({ date: NOW - DAY }, { newest: NOW, acceptsOlder: true })).toMatch(/^taken: .*\(--accept-older\)$/)
    expect(verdictOn({ date: 0 }, { newest: NOW })).toContain('it has no date, and may be older')
    expect(verdictOn({ date: NOW }, { newest: NOW })).toBeUndefined()
  })

  it('refuses what has expired, unless that is known', () => {
    expect(verdictOn({ validUntil: NOW - 1 })).toContain('it was valid until 2027-01-15T07:59:59.000Z')
    expect(verdictOn({ validUntil: NOW - 1 }, { checkValidUntil: false })).toMatch(/^taken: it was valid until/)
    expect(verdictOn({ validUntil: NOW })).toBeUndefined()
  })
})
