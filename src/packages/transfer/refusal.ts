/** What went wrong with a request, as the FetchError that it means. No message names what may be secret. */
import { errnoOf, isOfMachine } from '../../errors/errno.ts'
import { FetchError } from '../format/error.ts'
import { TunnelRefused } from './tunnel.ts'

/** An address without what may be secret in it: user, password, query. */
export function shown(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`
}

/** What a status that is no success means. */
export function statusError(url: URL, status: number): FetchError {
  const message = `${shown(url)} answered ${status}`
  // 403: what object stores say of what they do not have.
  if (status === 404 || status === 410 || status === 403) return new FetchError('not-found', message)
  if (status === 416) return new FetchError('malformed', `${shown(url)} is shorter than the signed index says`)
  if (status >= 500 || status === 408 || status === 429) return new FetchError('unreachable', message, { again: true })
  if (status === 401) {
    return new FetchError('refused', `${message}: a user and a password are needed, or are wrong (see auth.conf)`)
  }
  if (status === 407) return proxyRefusal(url, status)
  return new FetchError('refused', message)
}

/** An answer of the proxy, not of the host behind it. */
function proxyRefusal(url: URL, status: number, cause?: unknown): FetchError {
  const why = status === 407 ? ': it needs a user and a password' : ''
  return new FetchError('refused', `The proxy for ${shown(url)} answered ${status}${why}`, { cause })
}

/** What it means that there was no answer. */
export function networkError(url: URL, error: unknown, signal: AbortSignal): Error {
  if (error instanceof FetchError) return error
  if (signal.aborted) return abortError(signal)
  if (error instanceof TunnelRefused) return proxyRefusal(url, error.status, error)
  const code = errnoOf(error) ?? (error instanceof Error ? error.message : 'unknown')
  if (/CERT|SIGNATURE|^ERR_(SSL|TLS|OSSL)/.test(code)) {
    return new FetchError(
      'refused',
      `${shown(url)} cannot be trusted, or trusts nobody without a certificate (${code})`,
      {
        cause: error,
      },
    )
  }
  if (isOfMachine(error)) {
    return new FetchError('machine', `${shown(url)} was not asked: this machine lacks something (${code})`, {
      cause: error,
    })
  }
  return new FetchError('unreachable', `${shown(url)} cannot be reached (${code})`, {
    cause: error,
    again: true,
    isHost: true,
  })
}

/** What an aborted download is reported as: the signal's own reason when it is one of ours. */
export function abortError(signal: AbortSignal): Error {
  const reason: unknown = signal.reason
  if (reason instanceof FetchError) return reason
  return new FetchError('timeout', 'The download was given up, because the time for it was over', { cause: reason })
}
