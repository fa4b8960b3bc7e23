/**
 * Answers to what Node's parser refuses before our code sees a request (docs/http.md, 'Rules for every answer': text,
 * type and length as everywhere else): a malformed request line, a bad Content-Length, headers that are too large or
 * too slow.
 */
import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'

export interface ParserRefusal {
  status: number
  sentence: string
}

/** What to say to an error of `clientError`; undefined: nothing, the client has gone. */
export function describeParserError(
  code: string | undefined,
  limits: { maxHeaderKb: number },
): ParserRefusal | undefined {
  switch (code) {
    case 'ECONNRESET':
    case 'EPIPE':
      return undefined
    case 'HPE_HEADER_OVERFLOW':
      return { status: 431, sentence: headersTooLarge(limits.maxHeaderKb) }
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { status: 408, sentence: 'The request headers did not arrive in time; send them at once' }
    case 'HPE_INVALID_CONTENT_LENGTH':
    case 'HPE_UNEXPECTED_CONTENT_LENGTH':
      return {
        status: 400,
        sentence: 'Content-Length must be one decimal number, and must not stand beside Transfer-Encoding',
      }
    case 'HPE_INVALID_TRANSFER_ENCODING':
      return { status: 400, sentence: 'Transfer-Encoding must be chunked, and must not stand beside Content-Length' }
    default:
      return { status: 400, sentence: 'This is not a valid HTTP request' }
  }
}

export function headersTooLarge(maxHeaderKb: number): string {
  return `The request headers are larger than ${maxHeaderKb} KiB (RETRACE_MAX_HEADER_KB)`
}

/** A whole answer as bytes of HTTP/1.1, after which the connection is closed. */
export function rawAnswer({ status, sentence }: ParserRefusal, headers: Record<string, string> = {}): string {
  const body = `${sentence}\n`
  const lines = Object.entries({
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': String(new TextEncoder().encode(body).length),
    'Cache-Control': 'no-store',
    'Connection': 'close',
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`
}

/**
 * Writes an answer, then reads and throws away what the client still sends before the connection is closed, bounded:
 * closing at once would reset it, and the client could lose the answer.
 */
export function answerAndClose(socket: Duplex, answer: string, bounds: { bytes: number; milliseconds: number }): void {
  let bytes = 0
  const timer = setTimeout(() => socket.destroy(), bounds.milliseconds)
  socket.on('error', () => socket.destroy())
  socket.once('close', () => clearTimeout(timer))
  socket.once('end', () => socket.destroy())
  socket.on('data', (chunk: Uint8Array) => {
    bytes += chunk.length
    if (bytes > bounds.bytes) socket.destroy()
  })
  socket.end(answer)
}
