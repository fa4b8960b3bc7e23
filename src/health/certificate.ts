/** The look at the certificate: whether there is one or a proxy does TLS, and how long it is valid. */
import { UsageError } from '../errors/usage_error.ts'
import { type Certificate, lapseOf, readCertificate } from '../tls/certificate.ts'
import { DAY_MS } from '../units/time.ts'
import type { Finding, Look, Subject } from './look.ts'
import { count } from '../text/count.ts'

const EXPIRES_SOON_DAYS = 14

export const certificate: Look = {
  what: 'certificate',
  question({ config, now }) {
    try {
      const found = readCertificate(config)
      return found === undefined ? judgeNone(config) : judgeCertificate(found, now)
    } catch (cause) {
      if (!(cause instanceof UsageError)) throw cause
      return { verdict: 'FAIL', text: 'it cannot be used', more: cause.message }
    }
  },
}

/** Whether a certificate counts now and how long, and what else is to be said of it. */
export function judgeCertificate(found: Pick<Certificate, 'starts' | 'expires' | 'remarks'>, now: Date): Finding {
  const judged = judgeExpiry(found, now)
  if (found.remarks.length === 0) return judged
  const more = [judged.more, ...found.remarks].filter((one) => one !== undefined).join('; ')
  return { ...judged, verdict: judged.verdict === 'ok' ? 'warn' : judged.verdict, more }
}

function judgeExpiry({ starts, expires }: Pick<Certificate, 'starts' | 'expires'>, now: Date): Finding {
  const days = Math.floor((expires.getTime() - now.getTime()) / DAY_MS)
  const date = expires.toISOString().slice(0, 10)
  const more = 'renew it, then send the server SIGHUP'
  const lapse = lapseOf({ starts, expires }, now)
  if (lapse !== undefined) return { verdict: 'FAIL', text: lapse, more }
  const text = `it is valid until ${date}`
  return days < EXPIRES_SOON_DAYS
    ? { verdict: 'warn', text: `${text}, ${count(days, 'day')} from now`, more }
    : { verdict: 'ok', text }
}

function judgeNone({ trustProxy, requireHttps }: Subject['config']): Finding {
  if (trustProxy.parts.length > 0) return { verdict: 'ok', text: 'none: a trusted proxy does TLS' }
  if (!requireHttps) {
    return { verdict: 'warn', text: 'none, and RETRACE_REQUIRE_HTTPS is 0: cores are sent in the clear' }
  }
  const more =
    'set RETRACE_TLS_CERT and RETRACE_TLS_KEY to PEM files, or RETRACE_TRUST_PROXY to the proxy that does TLS'
  return { verdict: 'FAIL', text: 'none', more }
}
