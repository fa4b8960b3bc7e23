/** Whether clients take a certificate that fits its key: what OpenSSL does not say at the start. Pure. */
import type { X509Certificate } from 'node:crypto'

/** Of elliptic curves those that clients offer (RFC 8446, 4.2.7; secp256k1 and Brainpool's are not among them). */
const CURVES = ['prime256v1', 'secp384r1', 'secp521r1']
/** Extended key usage (RFC 5280, 4.2.1.12): serverAuth, and any. */
const FOR_SERVERS = ['1.3.6.1.5.5.7.3.1', '2.5.29.37.0']
/** Clients of current distributions refuse shorter ones (OpenSSL's security level 2). */
const MIN_RSA_BITS = 2048

/** Why no handshake succeeds with it; undefined: there is no such reason. */
export function whyNoHandshake(
  { publicKey: { asymmetricKeyType: type, asymmetricKeyDetails: details } }: X509Certificate,
): string | undefined {
  if (type === 'dsa') return 'keys of DSA are in TLS no more: make one of P-256, or of RSA with 2048 bits'
  const curve = details?.namedCurve
  if (type !== 'ec' || curve === undefined || CURVES.includes(curve)) return undefined
  return `its key is of the curve ${curve}, which none offers: make one of P-256`
}

/** What clients refuse when they look whom it is for, each the rest of a sentence about the certificate. */
export function remarksOnNames([own, ...issuers]: readonly [X509Certificate, ...X509Certificate[]]): string[] {
  const uses = own.keyUsage as readonly string[] | undefined
  const isSelfSigned = own.checkIssued(own)
  return [
    ...(own.subjectAltName === undefined ? ['names no host (subjectAltName): clients refuse it'] : []),
    ...(uses === undefined || uses.some((each) => FOR_SERVERS.includes(each))
      ? []
      : ['is not for servers (extendedKeyUsage): clients refuse it']),
    ...(own.ca && (!isSelfSigned || issuers.length > 0)
      ? ["has an authority's certificate in the first place (CA:TRUE): clients refuse it as a server's"]
      : []),
  ]
}

export function remarksOnStrength(
  { publicKey: { asymmetricKeyDetails: details, asymmetricKeyType: type } }: X509Certificate,
): string[] {
  const bits = details?.modulusLength
  if (bits !== undefined && bits < MIN_RSA_BITS) {
    return [`has a key of ${bits} bits: many clients refuse fewer than ${MIN_RSA_BITS}`]
  }
  return type === 'ed25519' || type === 'ed448'
    ? [`has a key of ${type === 'ed448' ? 'Ed448' : 'Ed25519'}: browsers refuse it`]
    : []
}
