/**
 * The certificate and key that the server shows, read from their files at start and again at SIGHUP; a pair that does
 * not work is refused and the one before it stays.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { statSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import type { Config } from '../config/config.ts'
import { UsageError } from '../errors/usage_error.ts'
import { readPem, whatElse } from './pem.ts'
import { remarksOnNames, remarksOnStrength, whyNoHandshake } from './usable.ts'

/** Whoever is neither the owner of a file nor in its group. */
const OTHERS = 0o007

export interface Certificate {
  cert: string
  key: string
  /** From when to when the first certificate of the file, the server's own, counts. */
  starts: Date
  expires: Date
  /** What deserves attention whatever the time is, each a sentence without its full stop. */
  remarks: string[]
}

/**
 * undefined: neither file is set. Throws UsageError naming the setting, for a pair that cannot be read or does not fit.
 */
export function readCertificate(config: Pick<Config, 'tlsCert' | 'tlsKey'>): Certificate | undefined {
  const { tlsCert, tlsKey } = config
  if (tlsCert === undefined && tlsKey === undefined) return undefined
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new UsageError('RETRACE_TLS_CERT and RETRACE_TLS_KEY must both be set, or neither')
  }
  const pem = readPem('RETRACE_TLS_CERT', tlsCert)
  const key = readPem('RETRACE_TLS_KEY', tlsKey)
  const chain = readChain(pem, tlsCert)
  // As OpenSSL wants them: without what stands around them, each from a line of its own on.
  const cert = chain.map(String).join('')
  const [own] = chain
  assertFits(chain, { key: readKey(key, tlsKey), tlsCert, tlsKey })
  const why = whyNoHandshake(own)
  if (why !== undefined) throw new UsageError(`RETRACE_TLS_CERT (${tlsCert}) is of use to no client: ${why}`)
  try {
    createSecureContext({ cert, key })
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new UsageError(`RETRACE_TLS_CERT and RETRACE_TLS_KEY cannot be used together (${reason})`, { cause })
  }
  const remarks = [
    ...remarksOnChain(chain, tlsCert),
    ...[...remarksOnNames(chain), ...remarksOnStrength(own)].map((text) => `RETRACE_TLS_CERT (${tlsCert}) ${text}`),
    ...remarksOnKey(tlsKey),
  ]
  return { cert, key, starts: new Date(own.validFrom), expires: new Date(own.validTo), remarks }
}

/** Why a certificate does not count at a time, and since when or until when; undefined: it counts. */
export function lapseOf({ starts, expires }: Pick<Certificate, 'starts' | 'expires'>, now: Date): string | undefined {
  const day = (date: Date) => date.toISOString().slice(0, 10)
  if (expires < now) return `it expired on ${day(expires)}`
  return starts > now ? `it is not valid before ${starts.toISOString().replace('.000', '')}` : undefined
}

/** The options of a TLS server that shows it. */
export function secureOptions(
  { cert, key }: Pick<Certificate, 'cert' | 'key'>,
): { cert: string; key: string; minVersion: 'TLSv1.2' } {
  return { cert, key, minVersion: 'TLSv1.2' }
}

type Chain = [X509Certificate, ...X509Certificate[]]

const CERTIFICATE =
  /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[\s\S]*?-----END (?:X509 |TRUSTED )?CERTIFICATE-----/g

/** The certificates of a file, in its order. */
function readChain(text: string, path: string): Chain {
  try {
    const [own, ...others] = (text.match(CERTIFICATE) ?? []).map((pem) => new X509Certificate(pem))
    if (own !== undefined) return [own, ...others]
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new UsageError(`RETRACE_TLS_CERT (${path}) has a certificate that cannot be read (${reason})`, { cause })
  }
  throw new UsageError(`RETRACE_TLS_CERT (${path}) has no PEM certificate: ${whatElse(text, 'certificate')}`)
}

function readKey(text: string, path: string): KeyObject {
  if (/^-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(text)) {
    throw new UsageError(
      `RETRACE_TLS_KEY (${path}) is protected by a passphrase, for which nobody can be asked: ` +
        'openssl pkey -in KEY -out NEWKEY takes it away',
    )
  }
  try {
    return createPrivateKey(text)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new UsageError(`RETRACE_TLS_KEY (${path}) has no PEM private key: ${whatElse(text, 'key')} (${reason})`, {
      cause,
    })
  }
}

/** OpenSSL takes any key for a certificate of another type, and then no handshake succeeds. */
function assertFits(
  chain: Chain,
  { key, tlsCert, tlsKey }: { key: KeyObject; tlsCert: string; tlsKey: string },
): void {
  const at = chain.findIndex((certificate) => certificate.checkPrivateKey(key))
  if (at === 0) return
  const why = at > 0
    ? `is that of certificate ${at + 1} of the file: put this one first, then those that signed it`
    : 'is that of another certificate'
  throw new UsageError(`RETRACE_TLS_KEY (${tlsKey}) does not fit RETRACE_TLS_CERT (${tlsCert}): the key ${why}`)
}

/** Each certificate must be signed by the one after it (RFC 8446, 4.4.2 lets clients forgive that; many do not). */
function remarksOnChain(chain: Chain, path: string): string[] {
  return chain.slice(1).flatMap((issuer, at) => {
    if (chain[at]?.checkIssued(issuer)) return []
    return [
      `Certificate ${at + 1} of RETRACE_TLS_CERT (${path}) is not signed by certificate ${at + 2}, which follows it`,
    ]
  })
}

function remarksOnKey(path: string): string[] {
  const { mode } = statSync(path)
  if ((mode & OTHERS) === 0) return []
  const octal = (mode & 0o7777).toString(8).padStart(4, '0')
  return [`Everybody on this machine can read RETRACE_TLS_KEY (${path}, mode ${octal}): run chmod o= on it`]
}
