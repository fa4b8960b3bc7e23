/**
 * Sends the archive in parts that can be gone on with (docs/http.md, 'Uploads in parts'): what is on the server stays there when the
 * connection breaks, and is deleted when the person does not want it any more.
 */
import { createReadStream } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { Readable } from 'node:stream'
import { quote } from '../text/escape.ts'
import type { Archive } from './archive.ts'
import { ClientFailure } from './failure.ts'
import { INTEROP_VERSION } from './offer.ts'
import type { Screen } from './screen.ts'
import { firstLine, hint, MAX_WAIT_MS, type Sent, taskOf, waitingTime } from './send.ts'
import type { Answer, Server } from './server.ts'

interface Tools {
  screen: Screen
  signal: AbortSignal
}

/** Pauses after a connection that broke, in milliseconds; the last one again and again. */
const PAUSES_MS = [500, 1000, 2000, 5000, 10_000, 30_000] as const
/** How often an upload that the server has lost is begun anew. */
const MAX_BEGINNINGS = 3
const DROP_MS = 5000
const DRAFT = { 'Upload-Draft-Interop-Version': String(INTEROP_VERSION) }

/** The task. Throws ClientFailure with what the server said. Undefined: it takes no parts after all. */
export async function sendInParts(server: Server, archive: Archive, tools: Tools): Promise<Sent | undefined> {
  const deadline = Date.now() + MAX_WAIT_MS
  for (let beginnings = 0; beginnings < MAX_BEGINNINGS; beginnings++) {
    const path = await begin(server, archive, { ...tools, deadline })
    if (path === undefined) return undefined
    try {
      const sent = await goOn(server, archive, { path, deadline, ...tools })
      if (sent !== undefined) return sent
    } catch (cause) {
      if (tools.signal.aborted) await drop(server, path)
      throw cause
    }
  }
  throw new ClientFailure('The server loses every upload before it is complete')
}

/** The path of a new upload; undefined: the server does not know how. */
async function begin(
  server: Server,
  { headers, size }: Archive,
  { screen, signal, deadline }: Tools & { deadline: number },
): Promise<string | undefined> {
  for (;;) {
    const answer = await server.ask('/create', {
      method: 'POST',
      headers: {
        ...headers,
        ...DRAFT,
        'Upload-Complete': '?0',
        'Upload-Length': String(size),
        'Content-Length': '0',
      },
      signal,
    })
    const said = firstLine(await answer.text())
    const [, address] = /\/uploads\/([A-Za-z0-9_-]{1,200})$/.exec(answer.header('Location') ?? '') ?? []
    if (answer.status === 201 && address !== undefined) return `/uploads/${address}`
    if ([201, 400, 404, 405, 411, 501].includes(answer.status)) return undefined
    await waitPolitely(answer, said, { screen, signal, deadline })
  }
}

/** The task; undefined: the upload is gone. */
async function goOn(
  server: Server,
  archive: Archive,
  { path, screen, signal, deadline }: Tools & { path: string; deadline: number },
): Promise<Sent | undefined> {
  let offset = 0
  for (let broken = 0;;) {
    const before = offset
    try {
      const answer = await patch(server, archive, { path, offset, screen, signal })
      if (answer.status === 201) return { task: taskOf(answer), answer }
      const said = firstLine(await answer.text())
      if (answer.status === 404) return undefined
      if (answer.status !== 409 && answer.status !== 410) {
        if (answer.header('Upload-Complete') === '?1') throw refusal(answer, said)
        await waitPolitely(answer, said, { screen, signal, deadline })
      }
      const state = await server.ask(path, { method: 'HEAD', headers: DRAFT, signal })
      if (state.status === 404) return undefined
      if (state.header('Upload-Complete') === '?1') return { task: taskOf(state), answer: undefined }
      offset = offsetOf(state, archive.size)
    } catch (cause) {
      if (signal.aborted || !(cause instanceof ClientFailure) || !cause.isBroken || Date.now() > deadline) throw cause
      const pause = PAUSES_MS[Math.min(broken++, PAUSES_MS.length - 1)] ?? 0
      screen.now(`${cause.message}; going on in ${Math.ceil(pause / 1000)} s`)
      await sleep(pause, undefined, { signal })
      const state = await server.ask(path, { method: 'HEAD', headers: DRAFT, signal }).catch((second) => {
        if (signal.aborted || !(second instanceof ClientFailure)) throw second
      })
      if (state?.status === 404) return undefined
      if (state?.header('Upload-Complete') === '?1') return { task: taskOf(state), answer: undefined }
      if (state !== undefined) offset = offsetOf(state, archive.size)
    }
    if (offset > before) broken = 0
  }
}

async function patch(
  server: Server,
  { path: file, size }: Archive,
  { path, offset, screen, signal }: Tools & { path: string; offset: number },
): Promise<Answer> {
  const progress = screen.progress(size)
  const body = async function* (): AsyncGenerator<Uint8Array> {
    let done = offset
    if (done === size) return
    for await (const chunk of createReadStream(file, { start: offset })) {
      yield chunk
      done += chunk.length
      progress.update(done)
    }
  }
  return await server.ask(path, {
    method: 'PATCH',
    headers: {
      ...DRAFT,
      'Content-Type': 'application/partial-upload',
      'Upload-Offset': String(offset),
      'Upload-Complete': '?1',
      'Content-Length': String(size - offset),
    },
    ...(offset < size && { body: Readable.from(body(), { objectMode: false }) }),
    signal,
  }).finally(() => progress.end())
}

/** Throws ClientFailure for what is none of an upload of this size. */
function offsetOf(state: Answer, size: number): number {
  const offset = Number(state.header('Upload-Offset') ?? NaN)
  if (state.status < 300 && Number.isSafeInteger(offset) && offset >= 0 && offset <= size) return offset
  throw new ClientFailure(`The server does not say how much of the upload it has (${state.status})`)
}

/** Waits as long as a server that is full says; throws what it said where waiting does not help. */
async function waitPolitely(
  answer: Answer,
  said: string,
  { screen, signal, deadline }: Tools & { deadline: number },
): Promise<void> {
  if ((answer.status !== 503 && answer.status !== 429) || Date.now() > deadline) throw refusal(answer, said)
  const seconds = waitingTime(answer)
  screen.now(`${quote(said)} Trying again in ${seconds} s`)
  await sleep(seconds * 1000, undefined, { signal })
}

function refusal({ status }: Answer, said: string): ClientFailure {
  return new ClientFailure(`The server refused it (${status}): ${quote(said)}${hint(status)}`)
}

/** Leaves nothing of it on the server: neither the upload, nor the task that it may just have become. */
async function drop(server: Server, path: string): Promise<void> {
  const signal = AbortSignal.timeout(DROP_MS)
  try {
    const state = await server.ask(path, { method: 'HEAD', headers: DRAFT, signal })
    if (state.header('Upload-Complete') === '?1') {
      const { id, password } = taskOf(state)
      await server.ask(`/${id}`, { method: 'DELETE', headers: { 'X-Task-Password': password }, signal })
    }
    await server.ask(path, { method: 'DELETE', headers: DRAFT, signal })
  } catch {
    // It ends by its age.
  }
}
