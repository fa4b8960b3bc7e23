/**
 * What is refused before any route: requests that did not come over HTTPS, headers that are too large (HTTP/2; for
 * HTTP/1.1 the parser sees to it), HTTP/1.1 without Host, and what one client has too much of.
 */
import type { MiddlewareHandler } from 'hono'
import type { Config } from '../config/config.ts'
import { RetraceError } from '../errors/errors.ts'
import { ClientRequests } from './client_requests.ts'
import type { AppEnv } from './services.ts'
import type { Incoming } from './incoming.ts'
import { hopOf, isSecure } from './proxy.ts'
import { headersTooLarge } from './parser_failure.ts'
import { KIB } from '../units/bytes.ts'

export function checkRequest(
  config: Pick<Config, 'maxConnectionsPerClient' | 'maxHeaderKb' | 'requireHttps' | 'trustProxy'>,
): MiddlewareHandler<AppEnv> {
  const requests = new ClientRequests(config)
  return async function checkRequest(c, next) {
    const { incoming } = c.env
    requests.enter(c.env)
    if (headerBytes(incoming) > config.maxHeaderKb * KIB) {
      throw headersTooLarge(config)
    }
    if (config.requireHttps && !isSecure(hopOf(incoming), config.trustProxy)) {
      throw new RetraceError('https-required', {
        detail: 'Only HTTPS is allowed here: coredumps and backtraces are private data. Ask again with https://',
      })
    }
    checkVersionAndHost(incoming)
    await next()
  }
}

/** A request in HTTP/1 says 1.0 or 1.1, and whom it asks once at most (RFC 9112, 2.3 and 3.2). */
function checkVersionAndHost(incoming: Incoming): void {
  if ('stream' in incoming) return
  if (incoming.httpVersion !== '1.0' && incoming.httpVersion !== '1.1') {
    throw new RetraceError('bad-request', { detail: 'This connection speaks HTTP/1.0 and HTTP/1.1 only' })
  }
  const hosts = incoming.rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'host').length
  if (hosts > 1) throw new RetraceError('bad-request', { detail: 'A request must have one Host header only' })
  if (incoming.httpVersion === '1.1' && hosts === 0) {
    throw new RetraceError('bad-request', { detail: 'An HTTP/1.1 request needs a Host header' })
  }
}

/** Name, colon, space, value and line end of each field, as HTTP/1.1 would send it. */
function headerBytes(incoming: Incoming): number {
  let bytes = (incoming.url ?? '').length
  for (const part of incoming.rawHeaders) bytes += part.length + 2
  return bytes
}
