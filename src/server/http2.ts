/** HTTP/2: its limits and windows, on connections that somebody else has accepted. */
import { createSecureServer, type Http2SecureServer, type ServerHttp2Session } from 'node:http2'
import type { Config } from '../config/config.ts'
import { log } from '../telemetry/log.ts'
import { type Certificate, secureOptions } from '../tls/certificate.ts'
import { KEEP_ALIVE_TIMEOUT_MS } from './http1.ts'
import type { Listener } from './listener.ts'
import { boundResets } from './resets.ts'
import { KIB, MIB } from '../units/bytes.ts'

/**
 * Bytes that a whole HTTP/2 connection may have under way: with the protocol's 64 KiB an upload takes three times as
 * long.
 */
const HTTP2_WINDOW = 4 * MIB
/** HTTP/2 leaves it to us to refuse large headers, so that the caller reads why: up to this factor of the limit. */
const HTTP2_HEADER_FACTOR = 8

export interface TlsParts {
  certificate: Certificate
  listener: Listener
  /** Told of each handshake that fails. */
  onHandshakeFailure: (error: Error) => void
  /** Told of each client whose connection is ended for the requests that it took back. */
  onResets: (address: string) => void
  /** The HTTP/2 connections that are open. */
  sessions: Set<ServerHttp2Session>
}

/**
 * Blanks around a value are no part of it, as in HTTP/1.1 (RFC 9110, 5.5), though nobody may send them (RFC 9113, 8.2.1). A Node
 * that does not know this option yet leaves such a field out, as nghttp2 does.
 */
const BLANKS = { strictFieldWhitespaceValidation: false }

export function createHttp2Server(
  config: Pick<Config, 'maxHeaderKb' | 'trustProxy' | 'uploadIdleS'>,
  { certificate, listener, onResets, sessions }: Omit<TlsParts, 'onHandshakeFailure'>,
): Http2SecureServer {
  const server = createSecureServer({
    ...secureOptions(certificate),
    settings: {
      maxConcurrentStreams: 100,
      maxHeaderListSize: config.maxHeaderKb * KIB * HTTP2_HEADER_FACTOR,
      initialWindowSize: MIB,
    },
    maxSessionInvalidFrames: 100,
    ...BLANKS,
    maxSessionMemory: 10,
  })
  server.on('session', (session) => {
    sessions.add(session)
    boundResets(session, { trustProxy: config.trustProxy, onTooMany: onResets })
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
