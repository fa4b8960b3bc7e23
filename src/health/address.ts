/** The address and port: whether a server could listen there, and whose word on a request counts. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { whyNoPlace } from '../config/place.ts'
import { errnoOf } from '../errors/errno.ts'
import { isServerRunning } from '../spool/server_lock.ts'
import type { Finding, Look, Subject } from './look.ts'

export const address: Look = {
  what: 'address',
  async question({ config }) {
    const { host, port } = config
    const place = port === 0 ? `RETRACE_HOST is ${host}, with a free port` : `RETRACE_HOST is ${host}, port ${port}`
    const server = createServer()
    try {
      const listening = once(server, 'listening')
      server.listen({ host, port })
      await listening
      return { verdict: 'ok', text: `${place} can be listened on` }
    } catch (cause) {
      if (!(cause instanceof Error)) throw cause
      if (errnoOf(cause) === 'EADDRINUSE' && isServerRunning(config)) {
        return { verdict: 'ok', text: `${place} is in use, and a server runs with these settings` }
      }
      const text = whyNoPlace(config, cause)
      if (errnoOf(cause) !== 'EADDRINUSE') return { verdict: 'FAIL', text }
      const more =
        'stop it, or take another port; where it is the socket of systemd (abrt-retrace-server.socket) all is well'
      return { verdict: 'FAIL', text, more }
    } finally {
      server.close()
    }
  },
}

const LOOPBACK = ['127.0.0.1', '::1']
/** Addresses that have nothing to do with each other: who trusts all of them trusts everybody. */
const ANYBODY = ['192.0.2.1', '198.51.100.1', '203.0.113.1']
const ANYBODY_6 = ['2001:db8::1', '2606:4700::1', '2a00:1450::1']

export const proxy: Look = {
  what: 'proxy',
  question: ({ config }) => judgeProxy(config),
}

/** At the start, what is not ok is a warning. */
export function judgeProxy(
  { host, trustProxy, tlsCert }: Pick<Subject['config'], 'host' | 'trustProxy' | 'tlsCert'>,
): Finding {
  if (trustProxy.parts.length === 0) return { verdict: 'ok', text: 'no proxy is trusted' }
  const names = trustProxy.parts.join(', ')
  if ([ANYBODY, ANYBODY_6].some((addresses) => addresses.every((each) => trustProxy.trusts(each)))) {
    const more = 'name the addresses of the proxy alone: anybody could claim another address, and that HTTPS was used'
    return { verdict: 'warn', text: `RETRACE_TRUST_PROXY trusts everybody (${names})`, more }
  }
  const isLocal = LOOPBACK.includes(host) || host === 'localhost'
  if (isLocal && tlsCert === undefined && !LOOPBACK.some((each) => trustProxy.trusts(each))) {
    const text = `RETRACE_TRUST_PROXY is ${names}, and RETRACE_HOST is ${host}`
    return {
      verdict: 'FAIL',
      text,
      more: 'only this machine can ask there, and it is not trusted: every request is refused',
    }
  }
  return { verdict: 'ok', text: `RETRACE_TRUST_PROXY is ${names}` }
}
