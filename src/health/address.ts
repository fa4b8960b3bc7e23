/** The addresses and ports: whether a server could listen there, and whose word on a request counts. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { METRICS_HOST, whyNoMetrics, whyNoPlace } from '../config/place.ts'
import { errnoOf } from '../errors/errno.ts'
import { listensOn } from '../process/proc.ts'
import { isServerRunning, serverProcess } from '../spool/server_lock.ts'
import type { Finding, Look, Subject } from './look.ts'

export const address: Look = {
  what: 'address',
  async question({ config }) {
    const { host, port } = config
    const place = port === 0 ? `RETRACE_HOST is ${host}, with a free port` : `RETRACE_HOST is ${host}, port ${port}`
    return await judgePlace(config, { host, port, place, why: (cause) => whyNoPlace(config, cause) })
  },
}

/** Where it is off, nobody has to be told. */
export const metricsAddress: Look = {
  what: 'metrics',
  async question({ config }) {
    const { metricsPort: port, port: own, host } = config
    const place = `RETRACE_METRICS_PORT is ${port}`
    if (port === 0) return { verdict: 'ok', text: `${place}: nobody is told /metrics` }
    if (port === own && [METRICS_HOST, 'localhost', '0.0.0.0', '::', '::ffff:127.0.0.1'].includes(host)) {
      return { verdict: 'FAIL', text: `${place}, as RETRACE_PORT is`, more: 'give it a port of its own' }
    }
    return await judgePlace(config, {
      host: METRICS_HOST,
      port,
      place,
      why: (cause) => whyNoMetrics(port, cause),
    })
  },
}

interface Place {
  host: string
  port: number
  /** The beginning of a sentence. */
  place: string
  why: (cause: Error) => string
}

/** Listens there for a moment. */
async function judgePlace(config: Subject['config'], { host, port, place, why }: Place): Promise<Finding> {
  const server = createServer()
  try {
    const listening = once(server, 'listening')
    server.listen({ host, port })
    await listening
    return { verdict: 'ok', text: `${place}, and can be listened on` }
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause
    const text = why(cause)
    if (errnoOf(cause) !== 'EADDRINUSE') return { verdict: 'FAIL', text }
    return judgeTaken(config, { port, place, text })
  } finally {
    server.close()
  }
}

/** By our own server, or by whom it should not be. */
function judgeTaken(
  config: Subject['config'],
  { port, place, text }: { port: number; place: string; text: string },
): Finding {
  const advice =
    'stop it, or take another port; where it is the socket of systemd (abrt-retrace-server.socket) all is well'
  if (!isServerRunning(config)) return { verdict: 'FAIL', text, more: advice }
  const pid = serverProcess(config)
  switch (pid === undefined ? undefined : listensOn(pid, port)) {
    case true:
      return { verdict: 'ok', text: `${place}, where the server that runs with these settings listens` }
    case false:
      return {
        verdict: 'FAIL',
        text,
        more: `the server that runs with these settings does not listen there; ${advice}`,
      }
    case undefined: {
      const more = 'whether that is the server that runs with these settings, root and its own user can find out'
      return { verdict: 'warn', text: `${place}, which is in use`, more }
    }
  }
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
