/**
 * The bytes of an answer on a bare connection, where there is no request to answer: what the parser refused, and
 * CONNECT. Text, type and length are those of every other answer (docs/http.md); the connection is closed after it.
 */
import { STATUS_CODES } from 'node:http'
import type { RetraceError } from '../errors/errors.ts'
import { headersOf } from './answer.ts'
import { inText } from './error_response.ts'

/** A whole answer as bytes of HTTP/1.1. */
export function rawAnswer(failure: RetraceError): string {
  const [body, options] = inText(failure)
  const headers = { ...headersOf(new TextEncoder().encode(body).length, options), Connection: 'close' }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${options.status} ${STATUS_CODES[options.status]}\r\n${lines.join('')}\r\n${body}`
}
