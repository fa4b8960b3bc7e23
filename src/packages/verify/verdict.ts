/**
 * What gpgv's status lines (GnuPG's doc/DETAILS) say of a text: a verdict on each signature by itself, then one on all.
 * A pure decision, equal to apt's: one good signature is enough beside those of unknown, expired and revoked keys and
 * those over weak digests; one that does not fit the text refuses it, whoever else has signed.
 */

/** Whose signatures count. */
export interface Signers {
  /** Upper-case hex of keys, of which all subkeys count too, but for those with `!` at their end; empty: every key. */
  fingerprints: string[]
  /** MD5, SHA1 and RIPEMD-160 count as no signature: apt's rule. */
  refusesWeakDigests: boolean
}

interface Signature {
  /** Undefined: good. */
  fault: string | undefined
  /** GOODSIG and the like name it. */
  key: string
  /** The line that tells fingerprints and digest; gpgv has none for what it could not check. */
  valid: string[] | undefined
}

const FAULTS: Record<string, string> = {
  EXPKEYSIG: 'the key has expired',
  REVKEYSIG: 'the key was revoked',
  EXPSIG: 'the signature has expired',
  BADSIG: 'the signature does not fit the text',
  ERRSIG: 'the key is not known here',
}

/** Numbers of RFC 9580, chapter 9.5. */
const WEAK_DIGESTS: Record<string, string> = { '1': 'MD5', '2': 'SHA1', '3': 'RIPEMD-160' }

/** Why the text does not count as signed; undefined: it does. */
export function refusalOf(status: string, signers: Signers): string | undefined {
  const signatures = signaturesIn(status)
  const [bad] = signatures.filter(({ fault }) => fault === FAULTS.BADSIG)
  if (bad !== undefined) return `A signature of ${bad.key} is refused: it does not fit the text`
  const faults = signatures.map((signature) => faultOf(signature, signers))
  if (faults.includes(undefined)) return undefined
  if (signatures.length === 0) return 'It has no signature'
  const reasons = signatures.map(({ key }, at) => `${key}: ${faults[at]}`)
  return `No key that the repository's file names has signed it; its signatures are refused (${
    [...new Set(reasons)].slice(0, 8).join('; ')
  })`
}

function signaturesIn(status: string): Signature[] {
  const signatures: Signature[] = []
  for (const line of status.split('\n')) {
    const [tag, word = '', ...rest] = line.trim().split(' ')
    if (tag !== '[GNUPG:]') continue
    if (word === 'GOODSIG' || word in FAULTS) {
      signatures.push({ fault: FAULTS[word], key: rest[0] ?? '', valid: undefined })
    }
    const last = signatures.at(-1)
    if (word === 'VALIDSIG' && last !== undefined) last.valid = rest
  }
  return signatures
}

/** VALIDSIG: fingerprint, date, timestamp, expiry, version, reserved, algorithm, digest, class, primary key. */
function faultOf({ fault, valid }: Signature, { fingerprints, refusesWeakDigests }: Signers): string | undefined {
  if (fault !== undefined) return fault
  if (valid === undefined) return 'it is not valid'
  const [signer = ''] = valid
  const digest = valid[7] ?? ''
  const weak = WEAK_DIGESTS[digest]
  if (refusesWeakDigests && weak !== undefined) return `it is over ${weak}, which is weak`
  const names = [signer, `${signer}!`, valid[9] ?? signer].map((name) => name.toUpperCase())
  if (fingerprints.length === 0 || names.some((name) => fingerprints.includes(name))) return undefined
  return 'the key is none of the fingerprints that count'
}
