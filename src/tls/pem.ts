/** Files of certificates and keys, as an administrator gets them: what is read of one, and what a file is that has none. */
import { readFileSync, statSync } from 'node:fs'
import { errnoOf } from '../errors/errno.ts'
import { UsageError } from '../errors/usage_error.ts'
import { KIB, MIB } from '../units/bytes.ts'

const MAX_FILE = MIB

/** The text of a file without a BOM and spaces around lines; bytes that are no text stay recognizable. Throws UsageError naming the setting. */
export function readPem(setting: string, path: string): string {
  try {
    const found = statSync(path)
    if (!found.isFile()) throw new UsageError(`${setting} (${path}) cannot be read: it is no plain file`)
    if (found.size > MAX_FILE) {
      throw new UsageError(
        `${setting} (${path}) cannot be read: it is larger than ${MAX_FILE / KIB} KiB, as no certificate is`,
      )
    }
    return readFileSync(path, 'latin1').replace(/^\xef\xbb\xbf/, '').replace(/[ \t\r]+$|^[ \t]+/gm, '')
  } catch (cause) {
    if (cause instanceof UsageError) throw cause
    throw new UsageError(`${setting} (${path}) cannot be read: ${errnoOf(cause) ?? cause}`, { cause })
  }
}

const SWAPPED = 'is each of the two settings the other one?'
/** First lines of PEM (RFC 7468), and what to do with a file that begins so. */
const KINDS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----/, 'it is a request, from which an authority makes the certificate'],
  [/-----BEGIN OPENSSH PRIVATE KEY-----/, "it is OpenSSH's: ssh-keygen -p -m PEM -f FILE writes it anew"],
  [
    /-----BEGIN PKCS7-----/,
    'it is PKCS #7: openssl pkcs7 -print_certs -in FILE -out NEWFILE takes the certificates out',
  ],
  [/-----BEGIN (?:\w+ )?PUBLIC KEY-----/, 'it is a public key'],
]
const OTHER = {
  certificate: [/-----BEGIN (?:\w+ )?PRIVATE KEY-----/, `it has a private key: ${SWAPPED}`],
  key: [/-----BEGIN (?:\w+ )?CERTIFICATE-----/, `it has a certificate: ${SWAPPED}`],
} as const

/** Of a file that has not what was looked for: what it is. */
export function whatElse(text: string, wanted: 'certificate' | 'key'): string {
  if (text.trim() === '') return 'it is empty'
  if (/^(?:\xff\xfe|\xfe\xff|[^\0]\0-?\0|\0[^\0]\0)/.test(text)) {
    return 'it is UTF-16: iconv -f UTF-16 -t UTF-8 makes it a text'
  }
  // A SEQUENCE of ASN.1; that of PKCS #12 has the number 3 first (RFC 7292).
  if (text.startsWith('0') && hasControls(text.slice(0, 64))) {
    return text.slice(2, 9).includes('\x02\x01\x03')
      ? 'it is PKCS #12: openssl pkcs12 -in FILE -nodes -out NEWFILE makes it PEM'
      : 'it is DER: openssl x509 or openssl pkey with -inform DER makes it PEM'
  }
  if (!text.includes('-----BEGIN ')) return 'no line of it is -----BEGIN ...-----'
  return [...KINDS, OTHER[wanted]].find(([begins]) => begins.test(text))?.[1] ??
    'it is damaged, cut off, or of another kind'
}

function hasControls(text: string): boolean {
  return [...text].some((character) => character < '\t')
}
