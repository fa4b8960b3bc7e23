/**
 * An upload from a browser, in parts that can be gone on with (docs/http.md, 'Uploads in parts'): what is on the server stays there
 * while a connection is broken or the server is away. Refuses to try on where the server has said no.
 */

export interface Sent {
  readonly id: string
  readonly password: string
}

/** What the server answered in place of a task, or why nothing came back. */
export class NotSent extends Error {}

export interface SendOptions {
  readonly headers: Readonly<Record<string, string>>
  /** Bytes that have left, of all. */
  readonly onProgress: (done: number, all: number) => void
  /** What is being waited for, as a sentence. */
  readonly onWait: (why: string) => void
  readonly signal: AbortSignal
  /** Where it goes to, relative to the page. */
  readonly onBegin: (address: string) => void
}

/** The draft of IETF that is spoken. */
const DRAFT = { 'Upload-Draft-Interop-Version': '8', 'Accept': 'text/plain' }
const PAUSES_MS = [500, 1000, 2000, 5000, 10_000] as const
/** Without any byte more. */
const MAX_WAIT_MS = 600_000
/** Somebody looks on: a server that restarts is back before the minute that it asks for. */
const MAX_RETRY_S = 15
const MAX_BEGINNINGS = 3
/** The connection broke: no answer at all. */
const BROKEN = 0

/** Takes an upload back as its page goes away: what is half there would hold a place of this client for an hour. */
export function takeBack(address: string): void {
  void fetch(address, { method: 'DELETE', headers: DRAFT, keepalive: true }).catch(() => undefined)
}

interface Reply {
  readonly status: number
  readonly text: string
  header(name: string): string | null
}

/** Throws NotSent with the server's own sentence, or what is known where it said none. */
export async function send(body: Blob, options: SendOptions): Promise<Sent> {
  for (let beginnings = 0; beginnings < MAX_BEGINNINGS; beginnings++) {
    const address = await begin(body, options)
    options.onBegin(address)
    try {
      const sent = await goOn(address, body, options)
      if (sent !== undefined) return sent
    } catch (cause) {
      if (options.signal.aborted) void ask('DELETE', address, { headers: DRAFT })
      throw cause
    }
  }
  throw new NotSent('The server loses every upload before it is complete')
}

/** The address of a new upload, relative to the page. */
async function begin(body: Blob, { headers, signal }: SendOptions): Promise<string> {
  const reply = await ask('POST', 'create', {
    headers: { ...headers, ...DRAFT, 'Upload-Complete': '?0', 'Upload-Length': String(body.size) },
    signal,
  })
  const [, address] = /\/(uploads\/[A-Za-z0-9_-]{1,200})$/.exec(reply.header('Location') ?? '') ?? []
  if (reply.status === 201 && address !== undefined) return address
  throw refusal(reply)
}

/** The task; undefined: the upload is gone. */
async function goOn(address: string, body: Blob, options: SendOptions): Promise<Sent | undefined> {
  const { onProgress, onWait, signal } = options
  let [offset, broken, since] = [0, 0, Date.now()]
  for (;;) {
    const reply = await ask('PATCH', address, {
      headers: {
        ...DRAFT,
        'Content-Type': 'application/partial-upload',
        'Upload-Offset': String(offset),
        'Upload-Complete': '?1',
        'Prefer': 'respond-async',
      },
      body: body.slice(offset),
      onProgress: (done) => onProgress(offset + done, body.size),
      signal,
    })
    if (reply.status === 201) return taskOf(reply)
    if (reply.status === 404) return undefined
    const isOpen = [BROKEN, 409, 410].includes(reply.status) || reply.header('Upload-Complete') === '?0'
    if (!isOpen || Date.now() - since > MAX_WAIT_MS) throw refusal(reply)
    const pause = pauseAfter(reply, broken++)
    onWait(
      `${reply.status === BROKEN ? 'The connection broke' : firstLine(reply)}; going on in ${
        Math.ceil(pause / 1000)
      } s`,
    )
    await sleep(pause, signal)
    const state = await ask('HEAD', address, { headers: DRAFT, signal })
    if (state.status === 404) return undefined
    if (state.header('Upload-Complete') === '?1') return taskOf(state)
    const known = Number(state.header('Upload-Offset') ?? NaN)
    if (state.status >= 300 || state.status === BROKEN || !(known >= 0 && known <= body.size)) continue
    if (known > offset) [broken, since] = [0, Date.now()]
    offset = known
    onWait(`Going on at ${Math.floor(100 * offset / Math.max(1, body.size))} %`)
  }
}

/** Milliseconds. */
function pauseAfter(reply: Reply, times: number): number {
  const seconds = Number(reply.header('Retry-After') ?? NaN)
  if (seconds > 0) return Math.min(seconds, MAX_RETRY_S) * 1000
  return PAUSES_MS[Math.min(times, PAUSES_MS.length - 1)] ?? 0
}

function taskOf(reply: Reply): Sent {
  const [id, password] = [reply.header('X-Task-Id'), reply.header('X-Task-Password')]
  if (id === null || password === null) throw new NotSent('The server took it, but names no task')
  return { id, password }
}

function refusal(reply: Reply): NotSent {
  if (reply.status === BROKEN) return new NotSent('The server cannot be reached, or closed the connection')
  return new NotSent(firstLine(reply) || `The server answered ${reply.status}`)
}

function firstLine({ text }: Reply): string {
  return text.trim().split('\n')[0] ?? ''
}

interface Asking {
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Blob
  readonly onProgress?: (done: number) => void
  readonly signal?: AbortSignal
}

/** By XMLHttpRequest, since fetch tells no progress. Status 0: the connection broke. Throws NotSent once it is called off. */
function ask(method: string, address: string, { headers, body, onProgress, signal }: Asking): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const calledOff = () => reject(new NotSent('It was not sent'))
    if (signal?.aborted) return calledOff()
    const request = new XMLHttpRequest()
    request.open(method, address)
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value)
    signal?.addEventListener('abort', () => request.abort(), { once: true })
    if (onProgress !== undefined) request.upload.addEventListener('progress', ({ loaded }) => onProgress(loaded))
    request.addEventListener('abort', calledOff)
    request.addEventListener('error', () => resolve({ status: BROKEN, text: '', header: () => null }))
    request.addEventListener('load', () =>
      resolve({
        status: request.status,
        text: request.responseText,
        header: (name) => request.getResponseHeader(name),
      }))
    request.send(body ?? null)
  })
}

/** Throws NotSent once it is called off. */
function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      reject(new NotSent('It was not sent'))
    }, { once: true })
  })
}
