/**
 * The sockets: one port for HTTP/1.1 and HTTP/2 (ALPN) over TLS 1.2 and 1.3, or plain HTTP/1.1; time-outs, limits, what
 * the parser refuses, the end. Refuses to know any route.
 */
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http'
import { createSecureServer, type Http2SecureServer, type ServerHttp2Session } from 'node:http2'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { Server as TlsServer, type TLSSocket } from 'node:tls'
import type { Config } from '../config/config.ts'
import { log } from '../telemetry/log.ts'
import type { Certificate } from '../tls/certificate.ts'
import { drainBounds } from './drain.ts'
import type { Listener } from './listener.ts'
import { answerAndClose, describeParserError, rawAnswer } from '../http/refusal.ts'

/** Connections at once; more are closed as they come. */
export const MAX_CONNECTIONS = 1000
const HEADERS_TIMEOUT_MS = 15_000
const KEEP_ALIVE_TIMEOUT_MS = 75_000
const HANDSHAKE_TIMEOUT_MS = 10_000
/** A socket on which nothing moves at all; a task's stream moves every 5 seconds. */
const SILENCE_MS = 120_000
/**
 * Bytes that a whole HTTP/2 connection may have under way: with the protocol's 64 KiB an upload takes three times as
 * long.
 */
const HTTP2_WINDOW = 4 * 1_048_576
/** HTTP/2 leaves it to us to refuse large headers, so that the caller reads why: up to this factor of the limit. */
const HTTP2_HEADER_FACTOR = 8

type ListenConfig = Pick<Config, 'host' | 'port' | 'maxHeaderKb' | 'maxPackedMb' | 'uploadIdleS'>

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
 * what the system says, e.g. EADDRINUSE.
 */
export async function listen(
  config: ListenConfig,
  { certificate, listener, fd }: { certificate: Certificate | undefined; listener: Listener; fd?: number | undefined },
): Promise<Listening> {
  const sessions = new Set<ServerHttp2Session>()
  const server = certificate === undefined
    ? createHttpServer(httpOptions(config))
    : createTlsServer(config, { certificate, listener, sessions })
  server.maxConnections = MAX_CONNECTIONS
  server.timeout = Math.max(SILENCE_MS, (config.uploadIdleS + 30) * 1000)
  answerOnServer(server, { config, listener })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(fd === undefined ? { host: config.host, port: config.port } : { fd }, resolve)
  })
  server.on('error', (error) => log('http').error(`The listening socket failed: ${error.message}`))
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
      server.close()
      for (const session of sessions) session.close()
    },
    destroy() {
      server.closeAllConnections()
      for (const session of sessions) session.destroy()
    },
  }
}

function httpOptions(config: ListenConfig): ServerOptions {
  return {
    maxHeaderSize: config.maxHeaderKb * 1024,
    headersTimeout: HEADERS_TIMEOUT_MS,
    // An upload may take as long as it moves: RETRACE_UPLOAD_IDLE_S ends one that does not.
    requestTimeout: 0,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    connectionsCheckingInterval: 2000,
    // Node would refuse with an empty body; the app does it with a sentence.
    requireHostHeader: false,
    noDelay: true,
  }
}

function secureOptions({ cert, key }: Certificate) {
  return { cert, key, minVersion: 'TLSv1.2' as const }
}

interface TlsParts {
  certificate: Certificate
  listener: Listener
  sessions: Set<ServerHttp2Session>
}

/**
 * An HTTPS server that hands sockets which chose `h2` to an HTTP/2 server that itself never listens: the only way that
 * keeps Node's HTTP/1 time-outs (docs/facts.md, 'TLS with HTTP/1.1 and HTTP/2 on one port'). What does not begin with a
 * TLS handshake is read as plain HTTP, to be told that HTTPS is required.
 */
function createTlsServer(config: ListenConfig, { certificate, listener, sessions }: TlsParts): Server {
  const server = createHttpsServer({
    ...httpOptions(config),
    ...secureOptions(certificate),
    ALPNProtocols: ['h2', 'http/1.1'],
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
  })
  const http2 = createHttp2Server(config, { certificate, listener, sessions })
  const [startHttp1] = server.listeners('secureConnection') as ((socket: Duplex) => void)[]
  const [startTls] = server.listeners('connection') as ((socket: Socket) => void)[]
  if (startHttp1 === undefined || startTls === undefined) return server
  server.removeAllListeners('secureConnection')
  server.removeAllListeners('connection')
  server.on('secureConnection', (socket: TLSSocket) => {
    if (socket.alpnProtocol === 'h2') http2.emit('secureConnection', socket)
    else startHttp1.call(server, socket)
  })
  server.on('connection', (socket: Socket) => {
    sniff(socket, (isTls) => isTls ? startTls.call(server, socket) : startHttp1.call(server, socket))
  })
  server.on('tlsClientError', (error) => log('http').debug(`A TLS handshake failed: ${error.message}`))
  return server
}

/** Looks at the first byte, 0x16 for a TLS handshake record (RFC 8446, 5.1), and puts it back. */
function sniff(socket: Socket, start: (isTls: boolean) => void): void {
  const ignore = () => socket.destroy()
  socket.on('error', ignore)
  socket.setTimeout(HANDSHAKE_TIMEOUT_MS, ignore)
  socket.once('data', (chunk: Uint8Array) => {
    socket.pause()
    socket.off('error', ignore)
    socket.off('timeout', ignore)
    socket.setTimeout(0)
    socket.unshift(chunk)
    const isTls = chunk[0] === 0x16
    start(isTls)
    // A TLSSocket takes what was put back by itself.
    if (!isTls) socket.resume()
  })
}

function createHttp2Server(config: ListenConfig, { certificate, listener, sessions }: TlsParts): Http2SecureServer {
  const server = createSecureServer({
    ...secureOptions(certificate),
    settings: {
      maxConcurrentStreams: 100,
      maxHeaderListSize: config.maxHeaderKb * 1024 * HTTP2_HEADER_FACTOR,
      initialWindowSize: 1_048_576,
    },
    maxSessionInvalidFrames: 100,
    maxSessionMemory: 10,
  })
  server.on('session', (session) => {
    sessions.add(session)
    session.setLocalWindowSize(HTTP2_WINDOW)
    session.once('close', () => sessions.delete(session))
    session.on('error', (error) => log('http').debug(`An HTTP/2 connection failed: ${error.message}`))
    session.setTimeout(Math.max(KEEP_ALIVE_TIMEOUT_MS, (config.uploadIdleS + 30) * 1000), () => session.destroy())
  })
  server.on('sessionError', (error) => log('http').debug(`An HTTP/2 connection failed: ${error.message}`))
  const answer = (incoming: Parameters<Listener['listen']>[0], outgoing: Parameters<Listener['listen']>[1]) =>
    listener.listen(incoming, outgoing)
  server.on('request', answer)
  server.on('checkContinue', answer)
  return server
}

function answerOnServer(server: Server, { config, listener }: { config: ListenConfig; listener: Listener }): void {
  const refused = new WeakSet<Duplex>()
  const answering = new WeakMap<Duplex, ServerResponse>()
  const answer = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    answering.set(incoming.socket, outgoing)
    listener.listen(incoming, outgoing)
  }
  server.on('request', answer)
  // With a listener of its own Node sends no '100 Continue': whoever wants the body does (docs/http.md, 'Refusing an
  // upload').
  server.on('checkContinue', answer)
  // An expectation that nobody knows may be ignored (RFC 9110, 10.1.1).
  server.on('checkExpectation', answer)
  server.on('clientError', (error: Error & { code?: string }, socket: Duplex) => {
    if (refused.has(socket)) return
    refused.add(socket)
    const outgoing = answering.get(socket)
    const isAnswering = outgoing !== undefined && !outgoing.writableFinished
    const refusal = describeParserError(error.code, config)
    const refuse = () => {
      if (refusal === undefined || !socket.writable) return void socket.destroy()
      log('http').debug(`${refusal.status} for what is no request: ${error.message}`)
      answerAndClose(socket, rawAnswer(refusal), drainBounds(config.maxPackedMb))
    }
    // A whole request came before what is none: its answer comes first, and its task is not affected.
    if (isAnswering && outgoing.req.complete) outgoing.once('finish', refuse)
    else if (isAnswering && outgoing.headersSent) socket.destroy()
    else refuse()
  })
  server.on('connect', (_incoming, socket) => {
    const refusal = { status: 405, sentence: 'This is no proxy: CONNECT is not allowed' }
    answerAndClose(socket, rawAnswer(refusal, { Allow: 'GET, HEAD, POST, DELETE' }), drainBounds(config.maxPackedMb))
  })
}
