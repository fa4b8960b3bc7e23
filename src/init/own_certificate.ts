/**
 * A self-signed certificate for the first start: clients must be told of it (`curl --cacert`), and a real one takes its
 * place by SIGHUP. Owns its names and how long it is valid.
 */
import { chmodSync, chownSync, existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { isIP } from 'node:net'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import type { Config } from '../config/config.ts'
import { startOutside } from '../process/outside.ts'
import type { Owner } from '../process/service_user.ts'

/** The longest that browsers and other clients take. */
const DAYS = 397
const TIMEOUT_MS = 30_000

export interface CertificateFiles {
  cert: string
  key: string
}

/** Makes both files, the key readable for the owner's group alone. Throws ProgramError where openssl does not work. */
export async function makeCertificate(
  { cert, key }: CertificateFiles,
  { owner, hosts }: { owner: Owner | undefined; hosts: readonly string[] },
): Promise<void> {
  const folder = mkdtempSync(join(dirname(key), '.init-'))
  try {
    const made = { cert: join(folder, 'cert'), key: join(folder, 'key') }
    await using running = startOutside('openssl', [
      ...['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'] as const,
      ...[
        '-days',
        String(DAYS),
        '-subj',
        '/CN=retrace server',
        '-addext',
        `subjectAltName=${names(hostname(), hosts)}`,
      ],
      ...['-keyout', made.key, '-out', made.cert],
    ], { timeoutMs: TIMEOUT_MS })
    await running.succeeded()
    chmodSync(made.key, owner === undefined ? 0o600 : 0o640)
    chmodSync(made.cert, 0o644)
    if (owner !== undefined) chownSync(made.key, 0, owner.gid)
    renameSync(made.key, key)
    renameSync(made.cert, cert)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
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
