import { describe, expect, it } from 'vitest'
import { refusalOf } from '../../../src/packages/verify/verdict.ts'

const APT = { fingerprints: [], refusesWeakDigests: true }

/** The lines of one signature, by a key or its subkey; digest 10 is SHA512. */
function signature(word: string, key = 'AA', { digest = '10', primary = key } = {}): string {
  return `[GNUPG:] NEWSIG\n[GNUPG:] ${word} ${key} somebody <x@example.org>\n` +
    `[GNUPG:] VALIDSIG ${key} 2026-01-01 1 0 4 0 1 ${digest} 00 ${primary}\n`
}
const UNKNOWN = '[GNUPG:] NEWSIG\n[GNUPG:] ERRSIG 1122 1 10 00 1 9 1122\n[GNUPG:] NO_PUBKEY 1122\n'

describe('refusalOf()', () => {
  it('takes one good signature, alone and beside one of a key that is not known', () => {
    expect(refusalOf(signature('GOODSIG'), APT)).toBeUndefined()
    expect(refusalOf(UNKNOWN + signature('GOODSIG'), APT)).toBeUndefined()
  })

  it.each(['EXPKEYSIG', 'REVKEYSIG', 'EXPSIG'])('judges %s by itself: it takes nothing from a good one', (word) => {
    expect(refusalOf(signature(word, 'BB') + signature('GOODSIG'), APT)).toBeUndefined()
    expect(refusalOf(signature('GOODSIG') + signature(word, 'BB'), APT)).toBeUndefined()
    expect(refusalOf(signature(word, 'BB') + UNKNOWN, APT)).toMatch(
      /^No key that .*BB: the .* (has expired|was revoked)/,
    )
  })

  it('refuses a text that a signature does not fit, whoever else has signed', () => {
    const bad = '[GNUPG:] NEWSIG\n[GNUPG:] BADSIG BB somebody\n'
    expect(refusalOf(bad + signature('GOODSIG'), APT)).toBe('A signature of BB is refused: it does not fit the text')
  })

  it.each([['1', 'MD5'], ['2', 'SHA1'], ['3', 'RIPEMD-160']])('counts digest %s as no signature', (digest, name) => {
    const weak = signature('GOODSIG', 'BB', { digest })
    expect(refusalOf(weak, APT)).toContain(`BB: it is over ${name}, which is weak`)
    expect(refusalOf(weak + signature('GOODSIG'), APT)).toBeUndefined()
    expect(refusalOf(weak, { ...APT, refusesWeakDigests: false })).toBeUndefined()
  })

  it('takes a subkey for its key, unless the fingerprint ends in an exclamation mark', () => {
    const bySubkey = signature('GOODSIG', 'AA', { primary: 'CC' })
    const only = (fingerprint: string) => refusalOf(bySubkey, { ...APT, fingerprints: [fingerprint] })
    expect(only('CC')).toBeUndefined()
    expect(only('AA')).toBeUndefined()
    expect(only('AA!')).toBeUndefined()
    expect(only('CC!')).toContain('the key is none of the fingerprints')
    expect(only('DD')).toContain('the key is none of the fingerprints')
  })

  it('names the keys that are not known here, and says when there is no signature at all', () => {
    expect(refusalOf(UNKNOWN, APT)).toContain('1122: the key is not known here')
    expect(refusalOf('[GNUPG:] NODATA 1\n', APT)).toBe('It has no signature')
    expect(refusalOf('', APT)).toBe('It has no signature')
  })
})
