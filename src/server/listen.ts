/**
 * The sockets: one port for HTTP/1.1 and HTTP/2 (ALPN) over TLS 1.2 and 1.3, or plain HTTP/1.1; what listens, and its
 * end. No route is known here.
 */
import { createServer } from 'node:http'
import type { ServerHttp2Session } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import { Server as TlsServer } from 'node:tls'
import type { Config } from '../config/config.ts'
import { whyNoPlace } from '../config/place.ts'
import { UsageError } from '../errors/usage_error.ts'
import { log } from '../telemetry/log.ts'
import { clientKey } from '../http/client_key.ts'
import { createRepeats } from '../telemetry/repeats.ts'
import { count } from '../text/count.ts'
import { quote } from '../text/escape.ts'
import { type Certificate, secureOptions } from '../tls/certificate.ts'
import { Acceptors } from './acceptors.ts'
import { Connections } from './connections.ts'
import { answerOn, httpOptions } from './http1.ts'
import type { TlsParts } from './http2.ts'
import type { Listener } from './listener.ts'
import { MAX_RESETS } from './resets.ts'
import { createTlsServer } from './tls_server.ts'

const TOO_MANY_RESETS = `more than ${MAX_RESETS} requests were taken back`
/** A socket on which nothing moves at all; a task's stream moves every 5 seconds. */
const SILENCE_MS = 120_000
type ListenConfig = Pick<
  Config,
  'host' | 'port' | 'maxHeaderKb' | 'maxPackedMb' | 'uploadIdleS' | 'maxConnectionsPerClient' | 'trustProxy'
>

export interface Listening {
  /** `https://[::]:8443`, as the log says it. */
  readonly url: string
  readonly port: number
  /** New connections get this certificate. */
  renew(certificate: Certificate): void
  /** Stops accepting; connections without a request in work are closed. */
  stopAccepting(): void
  /** Closes whatever is still open. */
  destroy(): void
}

/**
 * Listens on the socket `fd`, which a supervisor opened, or on the configured address; resolves when it does. Throws
 * UsageError naming the setting for a place where that is not possible.
 */
export async function listen(
  config: ListenConfig,
  { certificate, listener, onHandshakeFailure, fd }: Omit<TlsParts, 'sessions' | 'certificate' | 'onResets'> & {
    certificate: Certificate | undefined
    fd?: number | undefined
  },
): Promise<Listening> {
  const crowd = createRepeats((client, times) => {
    log('http').warning(
      `Closed ${count(times, 'more connection')} of ${quote(client)} within a minute: too many were open`,
    )
  })
  const onResets = (address: string) => {
    const client = clientKey(address)
    if (floods.add(client)) log('http').warning(`Ended a connection of ${quote(client)}: ${TOO_MANY_RESETS}`)
  }
  const floods = createRepeats((client, times) => {
    log('http').warning(
      `Ended ${count(times, 'more connection')} of ${quote(client)} within a minute: ${TOO_MANY_RESETS}`,
    )
  })
  const connections = new Connections(config, (client) => {
    if (crowd.add(client)) log('http').warning(`Closed a connection of ${quote(client)}: too many are open`)
  })
  const sessions = new Set<ServerHttp2Session>()
  const watched: Listener = {
    ...listener,
    listen(incoming, outgoing) {
      outgoing.once('close', connections.works(incoming))
      listener.listen(incoming, outgoing)
    },
  }
  const server = certificate === undefined
    ? createServer(httpOptions(config))
    : createTlsServer(config, { certificate, listener: watched, onHandshakeFailure, onResets, sessions })
  server.prependListener('connection', (socket: Socket) => connections.opened(socket))
  server.timeout = Math.max(SILENCE_MS, (config.uploadIdleS + 30) * 1000)
  answerOn(server, { config, listener: watched })
  await new Promise<void>((resolve, reject) => {
    server.once(
      'error',
      (cause) => reject(fd === undefined ? new UsageError(whyNoPlace(config, cause), { cause }) : cause),
    )
    server.listen(fd === undefined ? { host: config.host, port: config.port } : { fd }, resolve)
  })
  server.on('error', (error) => log('http').error(`The listening socket failed: ${error.message}`))
  const acceptors = new Acceptors(server)
  const { address, port } = server.address() as AddressInfo
  const name = fd === undefined ? config.host : address
  const host = name.includes(':') ? `[${name}]` : name
  return {
    url: `${certificate === undefined ? 'http' : 'https'}://${host}:${port}`,
    port,
    renew(renewed) {
      if (server instanceof TlsServer) server.setSecureContext(secureOptions(renewed))
    },
    stopAccepting() {
      acceptors.close()
      server.close()
      crowd.flush()
      floods.flush()
      for (const session of sessions) session.close()
    },
    destroy() {
      server.closeAllConnections()
      for (const session of sessions) session.destroy()
    },
  }
}
