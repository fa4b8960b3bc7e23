/**
 * One GET over http, https or file: opens it, follows redirects within bounds, hands back the body as a stream. The
 * time limit here is that for the answer's first byte; the caller counts what comes. Refused are other schemes, a
 * redirect from https to http, to file, in a circle, or from outside to an address of this machine's own network, and what
 * lies outside of a repository's own file:// addresses.
 */
import { createReadStream } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import { isIP } from 'node:net'
import { sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Dispatcher, request } from 'undici'
import { errnoOf } from '../../errors/errno.ts'
import { FetchError } from '../format/error.ts'
import { type Answer, checkAnswer, one } from './answer.ts'
import { demandSide, leadsInside, OtherSide, type Side } from './connector.ts'
import type { TransferLimits } from './limits.ts'
import { networkError, shown, statusError } from './refusal.ts'
import { noteAnswer, sidesOf } from './sides.ts'
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
  const { transport } = options
  if (url.protocol === 'file:') return await openFile(url, { from: options.from ?? 0, folders: transport.folders })
  let mayBeInside = await transport.mayBeInside(url)
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const { response, side } = await getFrom(sidesOf(url, mayBeInside), url, options)
    const status = response.statusCode
    if (status === 200 || status === 206 || status === 304) return checkAnswer(url, response, options.from ?? 0)
    response.body.destroy()
    if (![301, 302, 303, 307, 308].includes(status)) throw statusError(url, status)
    // Who is within this network may point at another host of it; who is not may not, and nobody behind him.
    mayBeInside &&= side === 'inside'
    url = redirectTarget(url, one(response.headers.location))
  }
  throw new FetchError('refused', `${shown(url)} redirects more than ${MAX_REDIRECTS} times`)
}

/** From the first of some sides on which the host is. */
async function getFrom(
  sides: readonly Side[],
  url: URL,
  options: RequestOptions,
): Promise<{ response: Dispatcher.ResponseData; side: Side }> {
  if (options.transport.isProxied(url)) return await getByProxy(sides, url, options)
  for (const [at, side] of sides.entries()) {
    try {
      const response = await get(url, options, side)
      noteAnswer(url, side)
      return { response, side }
    } catch (error) {
      if (!(error instanceof OtherSide) || at === sides.length - 1) throw error
    }
  }
  throw new OtherSide(url.host, 'outside')
}

/** A proxy resolves names; an address, and a name that everybody has for himself, is judged all the same. */
async function getByProxy(
  sides: readonly Side[],
  url: URL,
  options: RequestOptions,
): Promise<{ response: Dispatcher.ResponseData; side: Side }> {
  if (!sides.includes('inside')) demandSide(url.hostname, 'outside')
  const side = await isWithin(url) ? 'inside' : 'outside'
  return { response: await get(url, options, side), side }
}

/** As far as its address itself says so. */
async function isWithin({ hostname }: URL): Promise<boolean> {
  return isIP(hostname.replace(/^\[|\]$/g, '')) !== 0 && await leadsInside(hostname)
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

async function get(url: URL, options: RequestOptions, side: Side): Promise<Dispatcher.ResponseData> {
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
      dispatcher: transport.dispatcher(url, side),
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

/** `folders`: outside of those nothing is read, wherever links lead. */
async function openFile(url: URL, { from, folders }: { from: number; folders: readonly string[] }): Promise<Answer> {
  const path = fileURLToPath(url)
  const found = await stat(path).catch((error) => {
    const errno = errnoOf(error)
    const kind = errno === 'ENOENT' || errno === 'ENOTDIR' ? 'not-found' : 'refused'
    throw new FetchError(kind, `${shown(url)} cannot be read (${errno})`, { cause: error })
  })
  if (!found.isFile()) throw new FetchError('refused', `${shown(url)} is no plain file`)
  const real = await realpath(path)
  if (!await liesIn(real, folders)) throw new FetchError('refused', `${shown(url)} leads out of the repository`)
  const offset = from < found.size ? from : 0
  return {
    status: 200,
    offset,
    length: found.size - offset,
    etag: undefined,
    lastModified: undefined,
    isHtml: false,
    // What a link stood for when it was judged.
    body: createReadStream(real, { start: offset }),
  }
}

/** Whether a path without links is one of some files, or below one of some folders, which may be links themselves. */
async function liesIn(path: string, folders: readonly string[]): Promise<boolean> {
  const real = await Promise.all(folders.map((folder) => realpath(folder).catch(() => folder)))
  return real.some((each) => path === each || path.startsWith(each.endsWith(sep) ? each : `${each}${sep}`))
}
