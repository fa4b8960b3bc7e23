/**
 * Sends the archive, and waits for the task's end. A full server is waited for politely; a connection that breaks once the task
 * is there costs nothing, since its state can be asked for.
 */
import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { quote } from '../text/escape.ts'
import { MIB } from '../units/bytes.ts'
import type { Archive } from './archive.ts'
import { ClientFailure, unlessBroken } from './failure.ts'
import type { Screen } from './screen.ts'
import type { Answer, Server } from './server.ts'

export interface Task {
  readonly id: string
  readonly password: string
}

export type Ending = 'FINISHED_SUCCESS' | 'FINISHED_FAILURE'

/** Of one that waits for a place, and for a task's end. */
export const MAX_WAIT_MS = 3_600_000
const [MIN_RETRY_S, MAX_RETRY_S] = [2, 120]
const POLL_MS = 3_000
/** Without an answer, while a server starts anew. */
const PATIENCE_MS = 180_000
/** Of a line of the log that is shown: what is longer is cut. */
const MAX_LINE = 16_384
/** Of the log that comes with a 201: what is more is left to the task's status. */
const MAX_LOG = 64 * MIB

/** A task that is there, with its log still coming; undefined: that was lost with the connection. */
export interface Sent {
  readonly task: Task
  readonly answer: Answer | undefined
}

/** The task, with its body still coming. Throws ClientFailure with what the server said. */
export async function send(
  server: Server,
  archive: Archive,
  { screen, signal }: { screen: Screen; signal: AbortSignal },
): Promise<Sent> {
  for (const deadline = Date.now() + MAX_WAIT_MS;;) {
    const progress = screen.progress(archive.size)
    const answer = await server.ask('/create', {
      method: 'POST',
      headers: { ...archive.headers, 'Content-Length': String(archive.size) },
      body: Readable.from(counted(archive, progress.update), { objectMode: false }),
      signal,
    }).finally(() => progress.end())
    if (answer.status === 201) return { task: taskOf(answer), answer }
    const said = quote(firstLine(await answer.text()))
    if ((answer.status !== 503 && answer.status !== 429) || Date.now() > deadline) {
      throw new ClientFailure(`The server refused it (${answer.status}): ${said}${hint(answer.status)}`)
    }
    const seconds = waitingTime(answer)
    screen.now(`${said} Trying again in ${seconds} s`)
    await sleep(seconds * 1000, undefined, { signal })
  }
}

/** Shows the log while it comes, and resolves with how the task ended; asks for it where the body breaks off. */
export async function awaitEnd(
  server: Server,
  { task, answer }: Sent,
  { screen, signal }: { screen: Screen; signal: AbortSignal },
): Promise<Ending> {
  const deadline = Date.now() + MAX_WAIT_MS
  try {
    for await (const line of linesOf(answer?.chunks ?? none())) {
      if (Date.now() > deadline) break
      const [, status] = /^X-Task-Status: ([A-Z_]+)$/.exec(line) ?? []
      if (status === 'FINISHED_SUCCESS' || status === 'FINISHED_FAILURE') return status
      if (status === undefined && line !== '') screen.now(line)
    }
  } catch (cause) {
    if (signal.aborted) throw cause
  } finally {
    answer?.drop()
  }
  for (let heard = Date.now(), pauseMs = 0; Date.now() < deadline; await sleep(pauseMs, undefined, { signal })) {
    const state = await unlessBroken(() => ask(server, task, '', { signal }))
    const status = state?.header('X-Task-Status')
    const text = await unlessBroken(async () => await state?.text())
    pauseMs = POLL_MS
    if (status === 'FINISHED_SUCCESS' || status === 'FINISHED_FAILURE') return status
    const isLater = state === undefined || state.status >= 500 || state.status === 429
    if (isLater) {
      // It starts anew, or a proxy does not find it just now: the task is on its disk.
      const said = state === undefined ? 'The server does not answer' : `The server answers ${state.status}`
      if (Date.now() - heard > PATIENCE_MS) {
        throw new ClientFailure(`${said}; the task is there: ask for it later with 'retrace status ${task.id}'`)
      }
      screen.now(`${said}; asking again`)
      if (state?.header('Retry-After') !== undefined) pauseMs = waitingTime(state) * 1000
      continue
    }
    if (state.status !== 200) {
      throw new ClientFailure(`The server lost the task (${state.status}): ${firstLine(text ?? '')}`)
    }
    heard = Date.now()
    screen.now(firstLine(text ?? ''))
  }
  throw new ClientFailure(`The server did not end the task within an hour; ask for it with 'retrace status ${task.id}'`)
}

/** A request for one of the task's resources. */
export async function ask(
  server: Server,
  task: Task,
  path: string,
  { accept, method, signal }: { accept?: string; method?: 'GET' | 'DELETE'; signal: AbortSignal },
): Promise<Answer> {
  return await server.ask(`/${task.id}${path}`, {
    headers: { 'X-Task-Password': task.password, ...(accept === undefined ? {} : { Accept: accept }) },
    ...(method === undefined ? {} : { method }),
    signal,
  })
}

/** Seconds until a server that is full wants to be asked again. */
export function waitingTime(answer: Answer): number {
  const asked = Number(answer.header('Retry-After') ?? 10)
  return Math.min(MAX_RETRY_S, Math.max(MIN_RETRY_S, Number.isFinite(asked) ? asked : 10))
}

async function* none(): AsyncGenerator<Uint8Array> {}

/** Throws ClientFailure where the answer names none. */
export function taskOf(answer: Answer): Task {
  const [id = '', password = ''] = [answer.header('X-Task-Id'), answer.header('X-Task-Password')]
  if (!/^[1-9][0-9]{0,15}$/.test(id) || !/^[!-~]{1,200}$/.test(password)) {
    throw new ClientFailure('The server took it, but names no task: it is no retrace server')
  }
  return { id, password }
}

async function* counted({ path }: Archive, update: (done: number) => void): AsyncGenerator<Uint8Array> {
  let done = 0
  for await (const chunk of createReadStream(path)) {
    yield chunk
    done += chunk.length
    update(done)
  }
}

async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let [rest, size] = ['', 0]
  for await (const chunk of chunks) {
    size += chunk.length
    if (size > MAX_LOG) return
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = (lines.pop() ?? '').slice(0, MAX_LINE)
    yield* lines
  }
}

/** The first line that says something. */
export function firstLine(text: string): string {
  return text.split('\n').map((line) => line.trim()).find((line) => line !== '') ?? 'it said nothing'
}

/** What the person can do about a refusal. */
export function hint(status: number): string {
  if (status === 413) return '; a smaller part may be taken: do not send the full core, or give --budget'
  if (status === 415) return '; it is an older server: install xz-utils, so that it can be sent as it wants it'
  return ''
}
