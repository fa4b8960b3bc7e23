/**
 * Clients for tests: one that speaks HTTP/1.1 over kept connections, and raw sockets for where the wire matters.
 */
import { Buffer } from 'node:buffer'
import { once } from 'node:events'
import { Agent as HttpAgent, type IncomingHttpHeaders, type IncomingMessage, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

export interface Reply {
  status: number
  headers: IncomingHttpHeaders
  body: Buffer
  text: string
  json(): Record<string, unknown>
}

export interface Ask {
  method?: string
  headers?: Record<string, string>
  body?: string | Uint8Array
  password?: string
}

export interface Client {
  /** Set by whoever started the server: `https://127.0.0.1:PORT`. */
  base: string
  /** A whole answer. Redirects are not followed. */
  ask(path: string, options?: Ask): Promise<Reply>
  /** The answer's head, with its body still to be read. */
  open(path: string, options?: Ask): Promise<IncomingMessage>
  /** A connection of its own on which the test writes bytes: TLS, or plain TCP for an http address. */
  raw(options?: { alpn?: string[]; plain?: boolean }): Promise<RawConnection>
  close(): Promise<void>
}

export function createClient({ ca }: { ca: string }): Client {
  const agents = { 'http:': new HttpAgent({ keepAlive: true }), 'https:': new HttpsAgent({ keepAlive: true, ca }) }
  const client: Client = {
    base: '',
    async ask(path, options = {}) {
      const answer = await client.open(path, options)
      const chunks: Uint8Array[] = []
      for await (const chunk of answer) chunks.push(chunk)
      const body = Buffer.concat(chunks)
      const text = body.toString('utf8')
      return {
        status: answer.statusCode ?? 0,
        headers: answer.headers,
        body,
        text,
        json: () => JSON.parse(text) as Record<string, unknown>,
      }
    },
    async open(path, { method = 'GET', headers = {}, body, password } = {}) {
      const url = new URL(`${client.base}${path}`)
      const request = (url.protocol === 'http:' ? httpRequest : httpsRequest)(url, {
        method,
        agent: agents[url.protocol as keyof typeof agents],
        headers: {
          ...(password !== undefined && { 'X-Task-Password': password }),
          ...(body !== undefined && { 'Content-Length': String(Buffer.byteLength(body)) }),
          ...headers,
        },
      })
      // What the server answers counts, even where it closes the connection under the rest of the body.
      const failed = new Promise<never>((_, reject) => request.on('error', reject))
      failed.catch(() => undefined)
      request.end(body)
      const [answer] = await Promise.race([once(request, 'response'), failed]) as [IncomingMessage]
      return answer
    },
    async raw({ alpn = ['http/1.1'], plain = false } = {}) {
      const { hostname: host, port, protocol } = new URL(client.base)
      const isPlain = plain || protocol === 'http:'
      const socket: Socket = isPlain
        ? connectTcp({ host, port: Number(port) })
        : connectTls({ host, port: Number(port), ca, ALPNProtocols: alpn, servername: 'localhost' })
      await once(socket, isPlain ? 'connect' : 'secureConnect')
      return new RawConnection(socket)
    },
    async close() {
      for (const agent of Object.values(agents)) agent.destroy()
      await Promise.resolve()
    },
  }
  return client
}

/** Bytes out, bytes in. Keeps all that came in `received`. */
export class RawConnection implements Disposable {
  readonly socket: Socket
  received = ''
  isClosed = false

  constructor(socket: Socket) {
    this.socket = socket
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => this.received += text)
    // A reset is an end like any other here; what was received tells.
    socket.on('error', () => this.isClosed = true)
    socket.on('end', () => this.isClosed = true)
    socket.on('close', () => this.isClosed = true)
  }

  /** Writes, and waits until the system has taken it all, or the connection has broken. */
  async write(bytes: string | Uint8Array): Promise<void> {
    await new Promise<void>((resolve) => this.socket.write(bytes, () => resolve()))
  }

  /** Waits until what was received fits, at most `milliseconds`; resolves to all that was received. */
  async until(pattern: RegExp, milliseconds = 30_000): Promise<string> {
    for (const deadline = Date.now() + milliseconds; Date.now() < deadline && !pattern.test(this.received);) {
      if (this.isClosed) break
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    if (!pattern.test(this.received)) {
      throw new Error(`Expected ${pattern}, received ${JSON.stringify(this.received.slice(0, 2000))}`)
    }
    return this.received
  }

  /** Waits until the server has closed; resolves to all that was received. */
  async closed(milliseconds = 10_000): Promise<string> {
    for (const deadline = Date.now() + milliseconds; Date.now() < deadline && !this.isClosed;) {
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    if (!this.isClosed) {
      throw new Error(`Expected the server to close; received ${JSON.stringify(this.received.slice(0, 500))}`)
    }
    return this.received
  }

  [Symbol.dispose](): void {
    this.socket.destroy()
  }
}

/** The heads and bodies, by Content-Length, of HTTP/1.1 answers that came one after the other. */
export function parseAnswers(received: string): { status: number; head: string; body: string }[] {
  const answers: { status: number; head: string; body: string }[] = []
  for (let rest = received; rest !== '';) {
    const end = rest.indexOf('\r\n\r\n')
    if (end < 0) break
    const head = rest.slice(0, end)
    const length = Number(/^content-length: *([0-9]+)/im.exec(head)?.[1] ?? 0)
    answers.push({ status: Number(head.slice(9, 12)), head, body: rest.slice(end + 4, end + 4 + length) })
    rest = rest.slice(end + 4 + length)
  }
  return answers
}
