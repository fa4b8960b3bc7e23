/** An HTTP server for a folder that can be told, path by path, to misbehave. */
import { createHash } from 'node:crypto'
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

/** How an answer is wrong. */
export type Fault =
  | 'missing'
  | 'forbidden'
  | 'error'
  /** A page that asks to log in, with status 200. */
  | 'html'
  /** Half of what is announced, then the connection is cut; `cut-once`: the first time only. */
  | 'cut'
  | 'cut-once'
  /** A byte differs. */
  | 'altered'
  | 'shorter'
  | 'longer'
  | 'announces-10-gb'
  /** Accepts, never answers. */
  | 'silent'
  /** The headers, then nothing. */
  | 'stalls'
  | 'trickles'
  | 'redirects-forever'
  | 'redirects-to-file'
  /** To this address, with the same path. */
  | { redirectsTo: string }

export interface FileServer extends AsyncDisposable {
  /** With a slash at its end. */
  url: string
  /** Paths that were asked for, with the Range in brackets, in order. */
  requests: string[]
  /** Authorization headers, in the same order. */
  authorizations: (string | undefined)[]
  /** Answers so far, by status and path. */
  answers: string[]
  /** Called before each answer, with its path. */
  before: ((path: string) => void) | undefined
  /** Paths that end so misbehave from now on; undefined: no longer. */
  fault(ending: string, fault: Fault | undefined): void
  /** Addresses with this path and query, as they are asked for, are answered with this Location. */
  redirect(from: string, to: string): void
}

export interface ServeOptions {
  /** https, as these say. */
  tls?: ServerOptions
  /** The Authorization without which everything is answered 401. */
  needs?: string
  /** Validators that files have, and are asked about. */
  validators?: 'etag' | 'last-modified'
  /** As object stores are: a `+` in an address is a space, and what is not there is forbidden. */
  isObjectStore?: boolean
}

/** Serves a folder on a free port of the loopback. */
export async function serveFolder(
  root: string,
  { tls, needs, validators, isObjectStore = false }: ServeOptions = {},
): Promise<FileServer> {
  const authorizations: (string | undefined)[] = []
  const answers: string[] = []
  const faults = new Map<string, Fault>()
  const redirects = new Map<string, string>()
  const requests: string[] = []
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    const [pathname = '/'] = (request.url ?? '/').replace(/^https?:\/\/[^/]*/, '').split('?')
    const path = decodeURIComponent(isObjectStore ? pathname.replaceAll('+', ' ') : pathname)
    served.before?.(path)
    requests.push(request.headers.range === undefined ? path : `${path} [${request.headers.range}]`)
    authorizations.push(request.headers.authorization)
    response.on('finish', () => answers.push(`${response.statusCode} ${path}`))
    if (needs !== undefined && request.headers.authorization !== needs) return void response.writeHead(401).end()
    const target = redirects.get(request.url ?? '')
    if (target !== undefined) return void response.writeHead(302, { Location: target }).end()
    const [ending, fault] = [...faults].find(([end]) => path.endsWith(end)) ?? []
    if (fault === 'cut-once' && ending !== undefined) faults.delete(ending)
    const isMissing = isObjectStore && !existsSync(join(root, path))
    answer(join(root, path), { request, response, fault: fault ?? (isMissing ? 'forbidden' : undefined), validators })
  }
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const served: FileServer = {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    requests,
    before: undefined,
    authorizations,
    answers,
    fault(ending, fault) {
      if (fault === undefined) faults.delete(ending)
      else faults.set(ending, fault)
    },
    redirect: (from, to) => redirects.set(from, to),
    [Symbol.asyncDispose]: () => close(server),
  }
  return served
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.closeAllConnections()
    server.close(() => resolve())
  })
}

interface Exchange {
  request: IncomingMessage
  response: ServerResponse
  fault: Fault | undefined
  validators: ServeOptions['validators']
}

function answer(file: string, { request, response, fault, validators }: Exchange): void {
  if (fault === 'silent') return
  if (fault === 'error') return void response.writeHead(500).end('broken')
  if (fault === 'forbidden') return void response.writeHead(403).end('AccessDenied')
  if (fault === 'html') {
    const page = '<!DOCTYPE html>\n<html><title>Log in</title></html>\n'
    return void response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' }).end(page)
  }
  if (fault === 'redirects-forever') return void response.writeHead(302, { Location: request.url ?? '/' }).end()
  if (fault === 'redirects-to-file') return void response.writeHead(302, { Location: 'file:///etc/passwd' }).end()
  if (typeof fault === 'object') {
    return void response.writeHead(302, { Location: new URL(request.url ?? '/', fault.redirectsTo).href }).end()
  }
  if (fault === 'missing' || !existsSync(file) || !statSync(file).isFile()) {
    return void response.writeHead(404).end('no such file')
  }
  if (fault === undefined && isUnchanged(file, { request, response, validators })) return
  if (fault === undefined) return sendFile(file, request, response)
  sendWrong(readFileSync(file), response, fault)
}

/** Sets the validator; answers 304 when the request names it. */
function isUnchanged(file: string, { request, response, validators }: Omit<Exchange, 'fault'>): boolean {
  if (validators === undefined) return false
  const { mtime } = statSync(file)
  const isEtag = validators === 'etag'
  const value = isEtag ? `"${createHash('sha256').update(readFileSync(file)).digest('hex')}"` : mtime.toUTCString()
  response.setHeader(isEtag ? 'ETag' : 'Last-Modified', value)
  if (request.headers[isEtag ? 'if-none-match' : 'if-modified-since'] !== value) return false
  response.writeHead(304).end()
  return true
}

function sendFile(file: string, request: IncomingMessage, response: ServerResponse): void {
  const { size } = statSync(file)
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
  if (from > 0 && from >= size) return void response.writeHead(416, { 'Content-Range': `bytes */${size}` }).end()
  if (from > 0) {
    response.writeHead(206, { 'Content-Range': `bytes ${from}-${size - 1}/${size}`, 'Content-Length': size - from })
  } else response.writeHead(200, { 'Content-Length': size })
  // A file that is replaced at this moment is one that breaks off.
  createReadStream(file, { start: from }).on('error', () => response.destroy()).pipe(response)
}

function sendWrong(bytes: Uint8Array, response: ServerResponse, fault: Exclude<Fault, object>): void {
  const half = bytes.subarray(0, bytes.length >> 1)
  switch (fault) {
    case 'cut':
    case 'cut-once':
      response.writeHead(200, { 'Content-Length': bytes.length })
      response.write(half, () => setTimeout(() => response.destroy(), 20))
      break
    case 'altered': {
      const altered = Uint8Array.from(bytes)
      altered[altered.length >> 1] = (altered[altered.length >> 1] ?? 0) ^ 1
      response.writeHead(200, { 'Content-Length': altered.length }).end(altered)
      break
    }
    case 'shorter':
      response.writeHead(200, { 'Content-Length': half.length }).end(half)
      break
    case 'longer':
      response.writeHead(200)
      response.write(bytes)
      response.end(bytes)
      break
    case 'announces-10-gb':
      response.writeHead(200, { 'Content-Length': 10 * 2 ** 30 })
      response.write(bytes)
      break
    case 'stalls':
      response.writeHead(200, { 'Content-Length': bytes.length })
      response.write(half)
      break
    case 'trickles': {
      response.writeHead(200, { 'Content-Length': bytes.length })
      let at = 0
      const timer = setInterval(() => response.write(bytes.subarray(at, ++at)), 50)
      response.on('close', () => clearInterval(timer))
      break
    }
    default:
      throw new RangeError(`Expected a fault that is known, got ${fault}`)
  }
}
