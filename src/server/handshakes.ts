/**
 * TLS handshakes that fail: each is counted by its kind, and of each kind that an administrator can do something about
 * one a minute is logged, with how many there were.
 */
import type { Metrics } from '../telemetry/metrics.ts'
import { log } from '../telemetry/log.ts'
import { errnoOf } from '../errors/errno.ts'

const QUIET_MS = 60_000

/** The kinds; `gone`: the connection ended, as port scanners and load balancers do it. */
export type HandshakeFailure = 'gone' | 'timeout' | 'protocol' | 'cipher' | 'refused-by-client' | 'other'

const WORDS: Record<Exclude<HandshakeFailure, 'gone'>, string> = {
  'timeout': 'the client did not finish it in time',
  'protocol': 'the client speaks no version of TLS that is allowed here',
  'cipher': 'client and certificate have no cipher or signature in common',
  'refused-by-client': 'the client does not take the certificate',
  'other': 'it was broken',
}

/** Of which kind an error of Node's `tlsClientError` is, by its code. */
export function kindOfFailure(code: string | undefined): HandshakeFailure {
  if (code === undefined || /^(ECONNRESET|EPIPE|ECONNABORTED|ETIMEDOUT)$/.test(code)) return 'gone'
  if (code === 'ERR_TLS_HANDSHAKE_TIMEOUT') return 'timeout'
  if (/UNSUPPORTED_PROTOCOL|UNKNOWN_PROTOCOL|VERSION|WRONG_SSL/.test(code)) return 'protocol'
  if (/NO_SHARED|NO_SUITABLE|NO_CIPHERS/.test(code)) return 'cipher'
  return /_ALERT_/.test(code) ? 'refused-by-client' : 'other'
}

/** The function that is told of each failure. */
export function watchHandshakes(
  metrics: Pick<Metrics, 'handshakeFailures'>,
  now: () => number = Date.now,
): (error: Error) => void {
  const told = new Map<HandshakeFailure, { at: number; since: number }>()
  return (error) => {
    const kind = kindOfFailure(errnoOf(error))
    metrics.handshakeFailures.inc({ kind })
    if (kind === 'gone') return log('http').debug(`A TLS handshake failed: ${error.message}`)
    const last = told.get(kind)
    if (last !== undefined && now() - last.at < QUIET_MS) return void last.since++
    const more = last === undefined || last.since === 0 ? '' : `, and ${last.since} more of the kind before it`
    told.set(kind, { at: now(), since: 0 })
    log('http').warning(`A TLS handshake failed: ${WORDS[kind]} (${errnoOf(error) ?? error.message})${more}`)
  }
}
