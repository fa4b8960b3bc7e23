/**
 * One GET over http, https or file: opens it, follows redirects within bounds, hands back the body as a stream.
 * Owns connections and the time limit for the answer's first byte; the caller counts what comes.
 * Refuses other schemes, a redirect from https to http, to file, or in a circle.
 */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import * as http from 'node:http'
import * as https from 'node:https'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { FetchError } from './error.ts'

const MAX_REDIRECTS = 5
const USER_AGENT = 'abrt-retrace'

/** Time limits of a download, in milliseconds and bytes per second. */
export interface TransferLimits {
  /** Until the answer's headers are there, connecting included. */
  answerMs: number
  /** Silence within a body. */
  idleMs: number
  /** A body slower than this, over `slowMs` on average, is given up. */
  minBytesPerSecond: number
  slowMs: number
}

export const TRANSFER_LIMITS: TransferLimits = {
  answerMs: 20_000,
  idleMs: 20_000,
  minBytesPerSecond: 4096,
  slowMs: 30_000,
}

export interface Answer {
  status: number
  /** 206: the first byte of the body is at this offset of the file; else 0. */
  offset: number
  /** Bytes that the body announces, when it does. */
  length: number | undefined
  etag: string | undefined
  lastModified: string | undefined
  body: Readable
}

export interface RequestOptions {
  signal: AbortSignal
  limits: TransferLimits
  /** Ask for the rest of a file from this offset on. */
  from?: number
  headers?: Record<string, string>
}

// Kept connections save a handshake per package; they do not keep a program alive.
const httpAgent = new http.Agent({ keepAlive: true, maxSockets: 8, timeout: 60_000 })
const httpsAgent = new https.Agent({ keepAlive: true, maxSockets: 8, timeout: 60_000 })

/**
 * Opens an address. Resolves for 200, 206 and 304; throws FetchError for everything else, with the kind that the
 * answer means. The caller must read the body or destroy it.
 */
export async function openAddress(address: string, options: RequestOptions): Promise<Answer> {
  let url = parseAddress(address)
  if (url.protocol === 'file:') return await openFile(url, options.from ?? 0)
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const response = await get(url, options)
    const status = response.statusCode ?? 0
    if (status < 300 || status === 304) return checkAnswer(url, response, options.from ?? 0)
    response.destroy()
    if (![301, 302, 303, 307, 308].includes(status)) throw statusError(url, status)
    url = redirectTarget(url, response.headers.location)
  }
  throw new FetchError('refused', `${shown(url)} redirects more than ${MAX_REDIRECTS} times`)
}

/** An address without what may be secret in it: user, password, query. */
export function shown(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`
}

function parseAddress(address: string): URL {
  if (!URL.canParse(address)) throw new FetchError('refused', `There is an address that is no URL in a repository file`)
  const url = new URL(address)
  if (!['http:', 'https:', 'file:'].includes(url.protocol)) {
    throw new FetchError('refused', `${url.protocol}// addresses are not supported; use https://, http:// or file://`)
  }
  return url
}

function redirectTarget(from: URL, location: string | undefined): URL {
  if (location === undefined || !URL.canParse(location, from.href)) {
    throw new FetchError('refused', `${shown(from)} redirects to nowhere`)
  }
  const to = new URL(location, from)
  if (to.protocol !== 'https:' && (to.protocol !== 'http:' || from.protocol === 'https:')) {
    throw new FetchError('refused', `${shown(from)} redirects to ${to.protocol}//, which is less safe`)
  }
  return to
}

function statusError(url: URL, status: number): FetchError {
  const message = `${shown(url)} answered ${status}`
  if (status === 404 || status === 410) return new FetchError('not-found', message)
  if (status === 416) return new FetchError('malformed', `${shown(url)} is shorter than the signed index says`)
  if (status >= 500 || status === 408 || status === 429) return new FetchError('unreachable', message, { again: true })
  return new FetchError('refused', message)
}

function get(url: URL, options: RequestOptions): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const isTls = url.protocol === 'https:'
    const headers: Record<string, string> = { 'User-Agent': USER_AGENT, ...options.headers }
    if (options.from) headers.Range = `bytes=${options.from}-`
    const request = (isTls ? https : http).get(url, {
      agent: isTls ? httpsAgent : httpAgent,
      headers,
      signal: options.signal,
      maxHeaderSize: 65_536,
    })
    const timer = setTimeout(() => {
      const seconds = options.limits.answerMs / 1000
      request.destroy(new FetchError('timeout', `${shown(url)} did not answer within ${seconds} s`, { isHost: true }))
    }, options.limits.answerMs)
    request.on('response', (response) => {
      clearTimeout(timer)
      // Without a listener an error after the answer would end the process; the reader of the body sees it too.
      response.on('error', () => undefined)
      resolve(response)
    })
    request.on('error', (error) => {
      clearTimeout(timer)
      reject(networkError(url, error, options.signal))
    })
  })
}

function networkError(url: URL, error: Error, signal: AbortSignal): Error {
  if (error instanceof FetchError) return error
  if (signal.aborted) return abortError(signal)
  const code = 'code' in error ? String(error.code) : error.message
  return new FetchError('unreachable', `${shown(url)} cannot be reached (${code})`, {
    cause: error,
    again: true,
    isHost: true,
  })
}

/** What an aborted download is reported as: the signal's own reason when it is one of ours. */
export function abortError(signal: AbortSignal): Error {
  const reason: unknown = signal.reason
  if (reason instanceof FetchError) return reason
  return new FetchError('timeout', 'The download was given up, because the time for it was over', { cause: reason })
}

function checkAnswer(url: URL, response: http.IncomingMessage, from: number): Answer {
  const status = response.statusCode ?? 0
  const { headers } = response
  let offset = 0
  if (status === 206) {
    offset = Number(/^bytes (\d{1,15})-/.exec(headers['content-range'] ?? '')?.[1] ?? Number.NaN)
    if (offset !== from) {
      response.destroy()
      throw new FetchError('refused', `${shown(url)} sent another part of the file than the one asked for`)
    }
  }
  const length = headers['content-length']
  return {
    status,
    offset,
    length: length === undefined ? undefined : Number(length),
    etag: headers.etag,
    lastModified: headers['last-modified'],
    body: response,
  }
}

async function openFile(url: URL, from: number): Promise<Answer> {
  const path = fileURLToPath(url)
  const found = await stat(path).catch((error: Error & { code?: string }) => {
    const kind = error.code === 'ENOENT' || error.code === 'ENOTDIR' ? 'not-found' : 'refused'
    throw new FetchError(kind, `${shown(url)} cannot be read (${error.code})`, { cause: error })
  })
  if (!found.isFile()) throw new FetchError('refused', `${shown(url)} is no plain file`)
  const offset = from < found.size ? from : 0
  return {
    status: 200,
    offset,
    length: found.size - offset,
    etag: undefined,
    lastModified: undefined,
    body: createReadStream(path, { start: offset }),
  }
}
