/**
 * Requests to the server, as docs/http.md describes it; nothing that comes back is believed: every answer is bounded, and has a
 * time limit. Failures of the way there are sentences.
 */
import { Agent, type Dispatcher, EnvHttpProxyAgent, request } from 'undici'
import type { Readable } from 'node:stream'
import { readProxies } from '../config/proxy_environment.ts'
import { errnoOf } from '../errors/errno.ts'
import { quote } from '../text/escape.ts'
import { KIB, MIB } from '../units/bytes.ts'
import { ClientFailure } from './failure.ts'
import type { Settings } from './settings.ts'

export interface Answer {
  readonly status: number
  header(name: string): string | undefined
  /** All of the body, cut at `limit` bytes. */
  text(limit?: number): Promise<string>
  /** Pieces of the body as they come. */
  readonly chunks: AsyncIterable<Uint8Array>
  /** Reads no further. */
  drop(): void
}

export interface Ask {
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PATCH' | 'DELETE'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Readable
  readonly signal: AbortSignal
}

/** Of a backtrace as JSON: 16 MB of text with all that is known of it. */
export const MAX_ANSWER = 256 * MIB
const MAX_SENTENCE = 64 * KIB
const CONNECT_MS = 30_000
const HEADERS_MS = 120_000
/** The server says something every 5 seconds while a task runs. */
const SILENCE_MS = 120_000
/** Of a whole answer but the log that comes with a 201. */
const ANSWER_MS = 900_000

export class Server {
  readonly address: string
  readonly #dispatcher: Dispatcher

  constructor({ server, ca, isInsecure }: Settings) {
    this.address = server
    const proxies = readProxies()
    const tls = { ...(ca === undefined ? {} : { ca }), rejectUnauthorized: !isInsecure, timeout: CONNECT_MS }
    const times = { headersTimeout: HEADERS_MS, bodyTimeout: SILENCE_MS }
    // A proxy's loopback is another machine.
    this.#dispatcher = isLoopback(new URL(server).hostname)
      ? new Agent({ connect: tls, ...times })
      : new EnvHttpProxyAgent({
        httpProxy: proxies.http ?? '',
        httpsProxy: proxies.https ?? '',
        noProxy: proxies.no ?? '',
        connect: tls,
        requestTls: tls,
        ...times,
      })
  }

  /** Throws ClientFailure where the server cannot be reached; whatever it answers is an answer. */
  async ask(path: string, { method = 'GET', headers = {}, body, signal }: Ask): Promise<Answer> {
    try {
      const { statusCode, headers: got, body: stream } = await request(`${this.address}${path}`, {
        method,
        headers: { ...headers, 'User-Agent': 'retrace' },
        signal,
        dispatcher: this.#dispatcher,
        ...(body === undefined ? {} : { body }),
      })
      stream.on('error', () => undefined)
      return {
        status: statusCode,
        header: (name) => [got[name.toLowerCase()] ?? []].flat()[0],
        text: (limit = MAX_SENTENCE) => this.#told(textOf(stream, limit)).finally(() => stream.destroy()),
        chunks: stream,
        drop: () => stream.destroy(),
      }
    } catch (cause) {
      if (signal.aborted) throw cause
      throw this.#unreachable(cause)
    }
  }

  async close(): Promise<void> {
    await this.#dispatcher.destroy()
  }

  async #told<Value>(value: Promise<Value>): Promise<Value> {
    try {
      return await value
    } catch (cause) {
      throw this.#unreachable(cause)
    }
  }

  #unreachable(cause: unknown): ClientFailure {
    const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
    const code = errnoOf(inner) ?? errnoOf(cause) ?? ''
    const why = /CERT|SELF_SIGNED|TLS|ALTNAME|SSL/.test(code)
      ? `its certificate is not believed (${code}): name whoever signed it with --ca FILE`
      : SAID[code] ?? (inner instanceof Error ? inner.message : String(inner))
    const isBroken = BROKEN.has(code)
    return new ClientFailure(`${this.address} cannot be used: ${quote(why)}`, { cause, isBroken })
  }
}

const SAID: Record<string, string> = {
  ECONNREFUSED: 'nobody listens there (ECONNREFUSED)',
  ENOTFOUND: 'no address is known for its name (ENOTFOUND)',
  EAI_AGAIN: 'no address can be found for its name just now (EAI_AGAIN)',
  ECONNRESET: 'it closed the connection (ECONNRESET)',
  EPIPE: 'it closed the connection (EPIPE)',
  UND_ERR_CONNECT_TIMEOUT: 'it does not answer',
  UND_ERR_HEADERS_TIMEOUT: 'it does not answer',
  UND_ERR_BODY_TIMEOUT: 'it fell silent',
  UND_ERR_SOCKET: 'it closed the connection',
}

const BROKEN = new Set([
  ...['ECONNREFUSED', 'EAI_AGAIN', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENETUNREACH', 'EHOSTUNREACH', 'ENETDOWN'],
  ...['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'UND_ERR_SOCKET'],
])

/** Whether a host of an address is this machine. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || /^127\.[0-9.]+$/.test(host) || host === '[::1]'
}

async function textOf(stream: AsyncIterable<Uint8Array>, limit: number): Promise<string> {
  const decoder = new TextDecoder()
  let [text, size] = ['', 0]
  const deadline = Date.now() + ANSWER_MS
  for await (const chunk of stream) {
    const rest = limit - size
    text += decoder.decode(chunk.subarray(0, rest), { stream: true })
    size += chunk.length
    if (size >= limit) break
    if (Date.now() > deadline) throw new Error('it takes longer than 15 minutes for an answer')
  }
  return text + decoder.decode()
}
