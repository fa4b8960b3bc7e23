/** An HTTP/2 client for tests: one connection, whole answers. */
import { Buffer } from 'node:buffer'
import { once } from 'node:events'
import { type ClientHttp2Session, connect, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2'
import type { TestServer } from './server.ts'

export interface Http2Reply {
  status: number
  headers: IncomingHttpHeaders
  text: string
  /** How the stream ended: 0 is NO_ERROR. */
  rstCode: number
}

export interface Http2Client extends Disposable {
  session: ClientHttp2Session
  ask(headers: OutgoingHttpHeaders, body?: Uint8Array): Promise<Http2Reply>
}

export async function http2Client({ url, ca }: Pick<TestServer, 'url' | 'ca'>): Promise<Http2Client> {
  const session = connect(url, { ca })
  session.on('error', () => undefined)
  await once(session, 'connect')
  return {
    session,
    async ask(headers, body) {
      const stream = session.request(headers, { endStream: body === undefined })
      stream.on('error', () => undefined)
      const closed = new Promise<void>((resolve) => stream.on('close', resolve))
      if (body !== undefined) stream.end(body)
      const chunks: Uint8Array[] = []
      stream.on('data', (chunk: Uint8Array) => chunks.push(chunk))
      let reply: IncomingHttpHeaders = {}
      stream.on('response', (headers) => reply = headers)
      await closed
      return {
        status: Number(reply[':status'] ?? 0),
        headers: reply,
        text: Buffer.concat(chunks).toString('utf8'),
        rstCode: stream.rstCode ?? 0,
      }
    },
    [Symbol.dispose]() {
      session.destroy()
    },
  }
}

/**
 * The same client, or one on a new connection: Node 22 and later close the connection on which a stream held more or less
 * than it announced, where Node 20 resets just the stream.
 */
export async function onOpenConnection(
  client: Http2Client,
  server: Pick<TestServer, 'url' | 'ca'>,
): Promise<Http2Client> {
  const { session } = client
  return session.closed || session.destroyed ? await http2Client(server) : client
}
