/** A small HTTP proxy that notes what it is asked: whole addresses of plain http, and CONNECT for tunnels. */
import { createServer, request, type RequestListener } from 'node:http'
import { createServer as createTlsServer, type ServerOptions } from 'node:https'
import { type AddressInfo, connect, type Socket } from 'node:net'

export interface ProxyServer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`, or with https. */
  url: string
  host: string
  /** `GET http://...` and `CONNECT host:port`, each with the Proxy-Authorization after it, where there was one. */
  requests: string[]
}

export interface ProxyOptions {
  /** Accepts and never answers. */
  silent?: boolean
  /** The Proxy-Authorization without which it answers 407. */
  needs?: string
  /** What it answers whatever it is asked. */
  refuses?: number
  /** It is spoken to over TLS. */
  tls?: ServerOptions
}

export async function startProxy(
  { silent = false, needs = '', refuses, tls }: ProxyOptions = {},
): Promise<ProxyServer> {
  const requests: string[] = []
  const sockets = new Set<Socket>()
  const note = (line: string, authorization: string | undefined) => {
    requests.push(authorization === undefined ? line : `${line} [${authorization}]`)
    if (refuses !== undefined) return refuses
    return needs === '' || authorization === needs ? 200 : 407
  }
  const listener: RequestListener = (incoming, response) => {
    const status = note(`GET ${incoming.url}`, incoming.headers['proxy-authorization'])
    if (silent) return
    if (status !== 200) return void response.writeHead(status).end()
    const { 'proxy-authorization': _, 'proxy-connection': __, ...headers } = incoming.headers
    const onward = request(incoming.url ?? '', { headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    onward.on('error', () => response.writeHead(502).end())
    onward.end()
  }
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener)
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.on('connect', (incoming, socket) => {
    const status = note(`CONNECT ${incoming.url}`, incoming.headers['proxy-authorization'])
    if (silent) return
    if (status !== 200) return void socket.end(`HTTP/1.1 ${status} Refused\r\n\r\n`)
    const [host, port] = (incoming.url ?? '').split(':')
    const onward = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      onward.pipe(socket).pipe(onward)
    })
    sockets.add(onward)
    for (const end of [socket, onward]) end.on('error', () => undefined)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${host}`,
    host,
    requests,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
}
