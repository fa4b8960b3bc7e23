/** A small HTTP proxy that notes what it is asked: whole addresses of plain http, and CONNECT for tunnels. */
import { createServer, request } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'

export interface ProxyServer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT` */
  url: string
  host: string
  /** `GET http://...` and `CONNECT host:port`, each with the Proxy-Authorization after it, where there was one. */
  requests: string[]
}

/** `silent`: accepts and never answers. `needs`: the Proxy-Authorization without which it answers 407. */
export async function startProxy({ silent = false, needs = '' } = {}): Promise<ProxyServer> {
  const requests: string[] = []
  const sockets = new Set<Socket>()
  const note = (line: string, authorization: string | undefined) => {
    requests.push(authorization === undefined ? line : `${line} [${authorization}]`)
    return !silent && (needs === '' || authorization === needs)
  }
  const server = createServer((incoming, response) => {
    const isAllowed = note(`GET ${incoming.url}`, incoming.headers['proxy-authorization'])
    if (silent) return
    if (!isAllowed) return void response.writeHead(407).end()
    const { 'proxy-authorization': _, 'proxy-connection': __, ...headers } = incoming.headers
    const onward = request(incoming.url ?? '', { headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    onward.on('error', () => response.writeHead(502).end())
    onward.end()
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.on('connect', (incoming, socket) => {
    const isAllowed = note(`CONNECT ${incoming.url}`, incoming.headers['proxy-authorization'])
    if (silent) return
    if (!isAllowed) return void socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
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
    url: `http://${host}`,
    host,
    requests,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
}
