/** An HTTP server for a folder that can be told, path by path, to misbehave. */
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

/** How an answer is wrong. */
export type Fault =
  | 'missing'
  | 'error'
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

export interface FileServer extends AsyncDisposable {
  /** With a slash at its end. */
  url: string
  /** Paths that were asked for, with the Range in brackets, in order. */
  requests: string[]
  /** Paths that end so misbehave from now on; undefined: no longer. */
  fault(ending: string, fault: Fault | undefined): void
}

/** Serves a folder on a free port of the loopback. */
export async function serveFolder(root: string): Promise<FileServer> {
  const faults = new Map<string, Fault>()
  const requests: string[] = []
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://x').pathname)
    requests.push(request.headers.range === undefined ? path : `${path} [${request.headers.range}]`)
    const [ending, fault] = [...faults].find(([end]) => path.endsWith(end)) ?? []
    if (fault === 'cut-once' && ending !== undefined) faults.delete(ending)
    answer(join(root, path), { request, response, fault })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    requests,
    fault(ending, fault) {
      if (fault === undefined) faults.delete(ending)
      else faults.set(ending, fault)
    },
    [Symbol.asyncDispose]: () => close(server),
  }
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
}

function answer(file: string, { request, response, fault }: Exchange): void {
  if (fault === 'silent') return
  if (fault === 'error') return void response.writeHead(500).end('broken')
  if (fault === 'redirects-forever') return void response.writeHead(302, { Location: request.url ?? '/' }).end()
  if (fault === 'redirects-to-file') return void response.writeHead(302, { Location: 'file:///etc/passwd' }).end()
  if (fault === 'missing' || !existsSync(file) || !statSync(file).isFile()) {
    return void response.writeHead(404).end('no such file')
  }
  if (fault === undefined) return sendFile(file, request, response)
  sendWrong(readFileSync(file), response, fault)
}

function sendFile(file: string, request: IncomingMessage, response: ServerResponse): void {
  const { size } = statSync(file)
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
  if (from > 0 && from >= size) return void response.writeHead(416, { 'Content-Range': `bytes */${size}` }).end()
  if (from > 0) {
    response.writeHead(206, { 'Content-Range': `bytes ${from}-${size - 1}/${size}`, 'Content-Length': size - from })
  } else response.writeHead(200, { 'Content-Length': size })
  createReadStream(file, { start: from }).pipe(response)
}

function sendWrong(bytes: Uint8Array, response: ServerResponse, fault: Fault): void {
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
