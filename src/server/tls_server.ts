/** TLS 1.2 and 1.3, and which protocol is spoken on it. */
import type { Server } from 'node:http'
import { createServer } from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import type { Config } from '../config/config.ts'
import { secureOptions } from '../tls/certificate.ts'
import { httpOptions } from './http1.ts'
import { createHttp2Server, type TlsParts } from './http2.ts'

const HANDSHAKE_TIMEOUT_MS = 10_000

/**
 * An HTTPS server that hands sockets which chose `h2` to an HTTP/2 server that itself never listens: the only way that
 * keeps Node's HTTP/1 time-outs (docs/facts.md, 'TLS with HTTP/1.1 and HTTP/2 on one port'). What does not begin with a
 * TLS handshake is read as plain HTTP, to be told that HTTPS is required.
 */
export function createTlsServer(
  config: Pick<Config, 'maxHeaderKb' | 'trustProxy' | 'uploadIdleS'>,
  { certificate, listener, onHandshakeFailure, onResets, sessions }: TlsParts,
): Server {
  const server = createServer({
    ...httpOptions(config),
    ...secureOptions(certificate),
    // curl -0 offers http/1.0 alone, and nothing is spoken with who offers only what nobody knows here.
    ALPNProtocols: ['h2', 'http/1.1', 'http/1.0'],
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
  })
  const http2 = createHttp2Server(config, { certificate, listener, onResets, sessions })
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
  server.on('tlsClientError', onHandshakeFailure)
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
