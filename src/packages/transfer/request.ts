/**
 * One GET over http, https or file: opens it, follows redirects within bounds, hands back the body as a stream. The
 * time limit here is that for the answer's first byte; the caller counts what comes. Refused are other schemes, a
 * redirect from https to http, to file, in a circle, or from outside to an address of this machine's own network.
 */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { type Dispatcher, request } from 'undici'
import { errnoOf } from '../../errors/errno.ts'
import { FetchError } from '../format/error.ts'
import { type Answer, checkAnswer, one } from './answer.ts'
import { wasInner } from './connector.ts'
import type { TransferLimits } from './limits.ts'
import { networkError, shown, statusError } from './refusal.ts'
import type { Transport } from './transport.ts'

const MAX_REDIRECTS = 5
const USER_AGENT = 'abrt-retrace'

export interface RequestOptions {
  signal: AbortSignal
  transport: Transport
  limits: TransferLimits
  /** Ask for the rest of a file from this offset on. */
  from?: number
  headers?: Record<string, string>
}

/**
 * Opens an address. Resolves for 200, 206 and 304; throws FetchError for everything else, with the kind that the
 * answer means. The caller must read the body or destroy it.
 */
export async function openAddress(address: string, options: RequestOptions): Promise<Answer> {
  let url = parseAddress(address)
  const first = url
  if (url.protocol === 'file:') return await openFile(url, options.from ?? 0)
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    // A repository of this network may point at another host of it.
    const response = await get(url, options, { isGuarded: redirects > 0 && !wasInner(first) })
    const status = response.statusCode
    if (status === 200 || status === 206 || status === 304) return checkAnswer(url, response, options.from ?? 0)
    response.body.destroy()
    if (![301, 302, 303, 307, 308].includes(status)) throw statusError(url, status)
    url = redirectTarget(url, one(response.headers.location))
  }
  throw new FetchError('refused', `${shown(url)} redirects more than ${MAX_REDIRECTS} times`)
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

async function get(url: URL, options: RequestOptions, guard: { isGuarded: boolean }): Promise<Dispatcher.ResponseData> {
  const { transport, limits, signal } = options
  const authorization = transport.authorization(url)
  const late = new AbortController()
  const { answerMs } = limits
  const timer = setTimeout(() => {
    const why = `did not answer within ${answerMs / 1000} s`
    late.abort(new FetchError('timeout', `${shown(url)} ${why}`, { isHost: true }))
  }, answerMs)
  try {
    const ended = AbortSignal.any([signal, late.signal])
    const answer = request(withoutSecrets(url), {
      dispatcher: transport.dispatcher(url, guard),
      signal: ended,
      headers: {
        'User-Agent': USER_AGENT,
        ...(authorization === undefined ? {} : { Authorization: authorization }),
        ...(options.from ? { Range: `bytes=${options.from}-` } : {}),
        ...options.headers,
      },
    })
    const response = await unlessEnded(answer, ended)
    // Without a listener a body that is given up would end the process; who reads it sees the error too.
    response.body.on('error', () => undefined)
    return response
  } catch (error) {
    throw networkError(url, error, signal)
  } finally {
    clearTimeout(timer)
  }
}

/** undici hears of a signal only when a connection is there: who waits for one (a silent proxy) must hear of it too. */
async function unlessEnded<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  promise.catch(() => undefined)
  let giveUp: (() => void) | undefined
  const ended = new Promise<never>((_resolve, reject) => {
    giveUp = () => reject(signal.reason)
    signal.addEventListener('abort', giveUp, { once: true })
  })
  try {
    return await Promise.race([promise, ended])
  } finally {
    if (giveUp !== undefined) signal.removeEventListener('abort', giveUp)
  }
}

/** The credentials that count are the transport's; those that a redirect names are nobody's. */
function withoutSecrets(url: URL): URL {
  const bare = new URL(url)
  bare.username = ''
  bare.password = ''
  return bare
}

async function openFile(url: URL, from: number): Promise<Answer> {
  const path = fileURLToPath(url)
  const found = await stat(path).catch((error) => {
    const errno = errnoOf(error)
    const kind = errno === 'ENOENT' || errno === 'ENOTDIR' ? 'not-found' : 'refused'
    throw new FetchError(kind, `${shown(url)} cannot be read (${errno})`, { cause: error })
  })
  if (!found.isFile()) throw new FetchError('refused', `${shown(url)} is no plain file`)
  const offset = from < found.size ? from : 0
  return {
    status: 200,
    offset,
    length: found.size - offset,
    etag: undefined,
    lastModified: undefined,
    isHtml: false,
    body: createReadStream(path, { start: offset }),
  }
}
