/**
 * Connections, kept and shared within a process: one undici dispatcher for each way in which hosts are reached. Idle
 * ones keep no program alive. TLS trusts the system's authorities, or those of the connection's file.
 */
import { existsSync } from 'node:fs'
import { Agent, type Dispatcher, ProxyAgent } from 'undici'
import { readNamed, whyUnread } from '../../files/named.ts'
import { FetchError } from '../format/error.ts'
import { connectorOf, type Side } from './connector.ts'
import { forwarding } from './forward.ts'
import { holdEnds } from './held_end.ts'
import { TunnelPool } from './tunnel.ts'

/** Everything by which two connections differ. */
export interface Way {
  /** Origin of the proxy. */
  proxy: string | undefined
  proxyAuthorization: string | undefined
  isTls: boolean
  caFile: string | undefined
  certFile: string | undefined
  keyFile: string | undefined
  verifiesHost: boolean
  /** Of which side addresses are connected to; a proxy decides for itself. */
  side: Side | undefined
}

const CONNECT_MS = 20_000
const MAX_HEADER = 65_536
/**
 * Where distributions keep the authorities that their administrator trusts; without one, Node's own list counts. A
 * repository file that came from another distribution names its place, which is not here: what is meant is the system's.
 */
const SYSTEM_AUTHORITIES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/pki/tls/cert.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/ca-bundle.pem',
  '/var/lib/ca-certificates/ca-bundle.pem',
]

const dispatchers = new Map<string, Dispatcher>()

/** The dispatcher of a way. Throws FetchError 'refused' for a PEM file that cannot be read. */
export function dispatcherOf(way: Way): Dispatcher {
  const key = JSON.stringify(way)
  let dispatcher = dispatchers.get(key)
  if (dispatcher === undefined) dispatchers.set(key, dispatcher = makeDispatcher(way))
  return dispatcher
}

/** Ends all connections, those too that wait for an answer: for the end of a program. */
export async function closeConnections(): Promise<void> {
  const all = [...dispatchers.values()]
  dispatchers.clear()
  await Promise.all(all.map((dispatcher) => dispatcher.destroy()))
}

function makeDispatcher(way: Way): Dispatcher {
  holdEnds()
  // Time limits of answers and bodies are ours (`request.ts`, `download.ts`): undici's own would only be in their way.
  const options = { headersTimeout: 0, bodyTimeout: 0, maxHeaderSize: MAX_HEADER, pipelining: 1 }
  const tls = { ...(way.isTls || way.proxy?.startsWith('https:') ? tlsOptions(way) : {}), timeout: CONNECT_MS }
  const { proxy: uri, proxyAuthorization: authorization } = way
  if (uri === undefined) return new Agent({ ...options, connect: connectorOf(tls, way.side ?? 'outside') })
  if (!way.isTls) return forwarding(new Agent({ ...options, connect: tls }), { uri, authorization })
  return new ProxyAgent({
    ...options,
    uri,
    proxyTls: tls,
    requestTls: tls,
    // The connection on which a tunnel is asked for: a proxy that never answers must not hold it for ever.
    clientFactory: (origin, given) => new TunnelPool(origin, { ...given, headersTimeout: CONNECT_MS }),
    ...(authorization === undefined ? {} : { token: authorization }),
  })
}

function tlsOptions({ caFile, certFile, keyFile, verifiesHost }: Way) {
  const authorities = authoritiesOf(caFile)
  return {
    rejectUnauthorized: verifiesHost,
    ...(authorities === undefined ? {} : { ca: readPem(authorities) }),
    ...(certFile === undefined ? {} : { cert: readPem(certFile), key: readPem(keyFile ?? certFile) }),
  }
}

/** The file that counts; undefined: Node's own list. */
export function authoritiesOf(caFile: string | undefined): string | undefined {
  const isElsewhere = caFile !== undefined && SYSTEM_AUTHORITIES.includes(caFile) && !existsSync(caFile)
  return caFile === undefined || isElsewhere ? SYSTEM_AUTHORITIES.find((file) => existsSync(file)) : caFile
}

function readPem(file: string): string {
  try {
    return readNamed(file)
  } catch (error) {
    const why = whyUnread(error) ?? 'unknown'
    throw new FetchError('refused', `${file} cannot be read (${why}), and the connection needs it`, { cause: error })
  }
}
