/**
 * The certificate and key that the server shows, read from their files at start and again at SIGHUP; a pair that does
 * not work is refused and the one before it stays.
 */
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import type { Config } from '../config/config.ts'
import { errnoOf } from '../errors/errno.ts'
import { UsageError } from '../errors/usage_error.ts'

export interface Certificate {
  cert: string
  key: string
  /** When the first certificate of the file expires. */
  expires: Date
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
  const cert = readPem('RETRACE_TLS_CERT', tlsCert)
  const key = readPem('RETRACE_TLS_KEY', tlsKey)
  try {
    createSecureContext({ cert, key })
    return { cert, key, expires: new Date(new X509Certificate(cert).validTo) }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new UsageError(
      `RETRACE_TLS_CERT and RETRACE_TLS_KEY are no PEM certificate with its private key (${reason})`,
      { cause },
    )
  }
}

/** The options of a TLS server that shows it. */
export function secureOptions({ cert, key }: Certificate): { cert: string; key: string; minVersion: 'TLSv1.2' } {
  return { cert, key, minVersion: 'TLSv1.2' }
}

function readPem(setting: string, path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new UsageError(`${setting} (${path}) cannot be read: ${errnoOf(cause) ?? cause}`, { cause })
  }
}
