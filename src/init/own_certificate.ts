/**
 * A self-signed certificate for the first start: clients must be told of it (`curl --cacert`), and a real one takes its
 * place by SIGHUP. Owns its names and how long it is valid.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { hostname } from 'node:os'
import type { Config } from '../config/config.ts'
import { gathered } from '../process/gather.ts'
import { startOutside } from '../process/outside.ts'
import type { Owner } from '../process/service_user.ts'
import { discard, draftFile, draftOf, settle } from './drafts.ts'

/** The longest that browsers and other clients take. */
const DAYS = 397
const TIMEOUT_MS = 30_000
/** Of both together: many times what they have. */
const MAX_BYTES = 65_536

export interface CertificateFiles {
  cert: string
  key: string
}

/**
 * Makes both files, the key readable for the owner's group alone. Both are drafts before the first has its name: the pair of a run that
 * is killed between the two is completed by completePair(). Throws ProgramError where openssl does not work.
 */
export async function makeCertificate(
  { cert, key }: CertificateFiles,
  { owner, hosts }: { owner: Owner | undefined; hosts: readonly string[] },
): Promise<void> {
  const made = await selfSigned(hosts)
  try {
    draftFile(cert, made.cert, { mode: 0o644 })
    const rights = owner === undefined ? { mode: 0o600 } : { mode: 0o640, owner: { uid: 0, gid: owner.gid } }
    draftFile(key, made.key, rights)
    settle(key)
  } catch (cause) {
    // The key that has its name waits for its certificate.
    if (!existsSync(key)) discard(cert)
    discard(key)
    throw cause
  }
  settle(cert)
}

/**
 * Gives the draft of a certificate its name where a run was killed before it could and the key that is there is its own, and
 * removes what else such a run left. True when there is something of ours now that was not.
 */
export function completePair({ cert, key }: CertificateFiles): boolean {
  const isCut = existsSync(key) && !existsSync(cert) && existsSync(draftOf(cert)) && isPair(draftOf(cert), key)
  if (isCut) settle(cert)
  discard(cert)
  discard(key)
  return isCut
}

function isPair(cert: string, key: string): boolean {
  try {
    return new X509Certificate(readFileSync(cert)).checkPrivateKey(createPrivateKey(readFileSync(key)))
  } catch {
    // One of them is no certificate, or no key: an administrator's, then.
    return false
  }
}

/** The texts of both, which no disk has seen yet. */
async function selfSigned(hosts: readonly string[]): Promise<CertificateFiles> {
  await using running = startOutside('openssl', [
    ...['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'] as const,
    ...['-days', String(DAYS), '-subj', '/CN=retrace server'],
    ...['-addext', `subjectAltName=${names(hostname(), hosts)}`, '-keyout', '-'],
  ], { timeoutMs: TIMEOUT_MS })
  const text = new TextDecoder().decode(await gathered(running, running.output, MAX_BYTES))
  await running.succeeded()
  const [key, cert] = [blockOf(text, 'PRIVATE KEY'), blockOf(text, 'CERTIFICATE')]
  if (key === undefined || cert === undefined) throw new Error('openssl made no key, or no certificate')
  return { cert, key }
}

/** RFC 7468, 2. */
function blockOf(text: string, label: string): string | undefined {
  return new RegExp(`-----BEGIN ${label}-----\\n[^-]+-----END ${label}-----\\n`).exec(text)?.[0]
}

const NAME = /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/
const LOOPBACK = ['DNS:localhost', 'IP:127.0.0.1', 'IP:::1']
const ANY = ['::', '0.0.0.0']

/**
 * What the certificate is for: this machine by its name, where that is one of DNS, by what the settings call it, and by
 * loopback.
 */
export function names(host: string, hosts: readonly string[] = []): string {
  const own = [host, ...hosts].flatMap((one) => {
    if (isIP(one) !== 0) return ANY.includes(one) ? [] : [`IP:${one}`]
    return NAME.test(one) && one.length < 254 ? [`DNS:${one}`] : []
  })
  return [...new Set([...own, ...LOOPBACK])].join(',')
}

/** The names and addresses by which the settings let clients reach it. */
export function hostsOf({ host, publicUrl }: Pick<Config, 'host' | 'publicUrl'>): string[] {
  if (publicUrl === undefined || !URL.canParse(publicUrl)) return [host]
  return [new URL(publicUrl).hostname.replace(/^\[|\]$/g, ''), host]
}

/** Whether both are there; throws Error when just one is, since then nobody can know which is meant. */
export function areThere({ cert, key }: CertificateFiles): boolean {
  const there = [cert, key].filter((path) => existsSync(path))
  if (there.length === 1) {
    throw new Error(
      `${there[0]} is there and ${there[0] === cert ? key : cert} is not: give both, or move the one away`,
    )
  }
  return there.length === 2
}
