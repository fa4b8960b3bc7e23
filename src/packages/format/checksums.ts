/**
 * Checksums of a file, as signed indices give them: which kinds count, and which of several tells a file from others.
 * MD5 and SHA1 count as none.
 */

/** By strength. */
export const CHECKSUM_KINDS = ['sha512', 'sha384', 'sha256', 'sha224'] as const
export type ChecksumKind = (typeof CHECKSUM_KINDS)[number]

/** Lower-case hex, by kind: all that an index gives, and each of them is compared. */
export type Checksums = Partial<Record<ChecksumKind, string>>

const DIGITS: Record<ChecksumKind, number> = { sha512: 128, sha384: 96, sha256: 64, sha224: 56 }

/** How the kinds are called in a sentence about a file that has none; Debian's indices have names for two of them. */
export const NO_CHECKSUM = 'no SHA224, SHA256, SHA384 or SHA512'
export const NO_DEBIAN_CHECKSUM = 'no SHA256 or SHA512'

/** Those of the fields of an index that are what they say, whatever letters they are written in. */
export function checksumsIn(texts: Partial<Record<ChecksumKind, string | undefined>>): Checksums {
  const found: Checksums = {}
  for (const kind of CHECKSUM_KINDS) {
    const text = texts[kind]?.trim().toLowerCase()
    if (text !== undefined && isChecksum(text, kind)) found[kind] = text
  }
  return found
}

/** Whether a text is a checksum of a kind, in lower case. */
export function isChecksum(text: string, kind: ChecksumKind): boolean {
  return text.length === DIGITS[kind] && /^[0-9a-f]+$/.test(text)
}

/**
 * The one by which a file is known: its SHA256 where it has one, since that is how most indices name it, and a file must
 * not become another one when an index begins to say more; undefined: there is none.
 */
export function identityOf(checksums: Checksums): string | undefined {
  return checksums.sha256 ?? checksums.sha384 ?? checksums.sha512 ?? checksums.sha224
}

/** An identity as what it is: the kinds differ in length. */
export function checksumsOf(identity: string): Checksums {
  const kind = CHECKSUM_KINDS.find((each) => DIGITS[each] === identity.length)
  if (kind === undefined) throw new RangeError(`Expected a checksum, got ${identity.length} digits`)
  return { [kind]: identity }
}
