/**
 * HTTP/1.1: its limits, and what comes on a connection: requests, what the parser refuses, CONNECT. Whether there is
 * TLS below makes no difference here.
 */
import type { IncomingMessage, Server, ServerOptions, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Config } from '../config/config.ts'
import { RetraceError } from '../errors/errors.ts'
import { parserFailure } from '../http/parser_failure.ts'
import { rawAnswer } from '../http/raw_answer.ts'
import { log } from '../telemetry/log.ts'
import { answerAndClose, drainBounds } from './drain.ts'
import type { Listener } from './listener.ts'
import { KIB } from '../units/bytes.ts'

const HEADERS_TIMEOUT_MS = 15_000
/** Between two requests; for HTTP/2 alike. */
export const KEEP_ALIVE_TIMEOUT_MS = 75_000

export function httpOptions(config: Pick<Config, 'maxHeaderKb'>): ServerOptions {
  return {
    maxHeaderSize: config.maxHeaderKb * KIB,
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

/** Hands requests to the listener, and answers what is none itself. */
export function answerOn(
  server: Server,
  { config, listener }: { config: Pick<Config, 'maxHeaderKb' | 'maxPackedMb'>; listener: Listener },
): void {
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
    const failure = parserFailure(error.code, config)
    const refuse = () => {
      if (failure === undefined || !socket.writable) return void socket.destroy()
      log('http').debug(`${failure.code} for what is no request: ${error.message}`)
      answerAndClose(socket, rawAnswer(failure), drainBounds(config.maxPackedMb))
    }
    // A whole request came before what is none: its answer comes first, and its task is not affected.
    if (isAnswering && outgoing.req.complete) outgoing.once('finish', refuse)
    else if (isAnswering && outgoing.headersSent) socket.destroy()
    else refuse()
  })
  server.on('connect', (_incoming, socket) => {
    const failure = new RetraceError('method-not-allowed', {
      detail: 'This is no proxy: CONNECT is not allowed',
      headers: { Allow: 'GET, HEAD, POST, PATCH, DELETE' },
    })
    answerAndClose(socket, rawAnswer(failure), drainBounds(config.maxPackedMb))
  })
}
