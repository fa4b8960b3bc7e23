/**
 * Further memory, where the debugger missed some: the server names it in the task's status, and it is sent if the core has it and it was
 * not kept back. Owns what a server can get so: as many rounds of 1 MiB as the person agreed to, whatever it asks for and however often
 * it breaks off. What goes wrong here costs nothing but that memory.
 */
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Slim } from '../slim/slim.ts'
import { quote } from '../text/escape.ts'
import { MIB } from '../units/bytes.ts'
import { size } from './about.ts'
import { ClientFailure, sentenceOf } from './failure.ts'
import type { Screen } from './screen.ts'
import type { Task } from './send.ts'
import type { Server } from './server.ts'

const MAX_BYTES = MIB
const MAX_RANGES = 512
const MAX_STATUS = 4 * MIB
const POLL_MS = 1_000
const HEAD = 12
/** How often the memory of one round is sent, where it did not arrive: a minute's waiting in all. */
const MAX_TRIES = 20
/** Silence, a connection before this one that the server believes in still, too many requests. */
const LATER = new Set([408, 409, 429])

interface Range {
  readonly start: bigint
  readonly length: number
}

interface Wanted {
  /** 0: nothing is wanted now. */
  readonly round: number
  readonly ranges: readonly Range[] | undefined
}

/** Of a round. */
interface Sent {
  readonly round: number
  readonly body: Uint8Array
  isThere: boolean
  tries: number
}

interface Tools {
  /** How often the person agreed to send more. */
  rounds: number
  screen: Screen
  signal: AbortSignal
}

/** Until the task has ended, or `signal` aborts. Never throws: what goes wrong is told. */
export async function sendWanted(server: Server, task: Task, slim: Slim, tools: Tools): Promise<void> {
  const { screen, signal } = tools
  try {
    let last: Sent = { round: 0, body: new Uint8Array(), isThere: true, tries: 0 }
    for (let rounds = 0; rounds < tools.rounds || !last.isThere;) {
      await sleep(POLL_MS, undefined, { signal })
      const said = await unlessBroken(() => wantedOf(server, task, signal))
      if (said === 'ended') return
      if (said?.ranges === undefined) continue
      if (said.round > last.round && rounds < tools.rounds) {
        rounds++
        last = { round: said.round, body: bodyOf(slim.more(said.ranges, MAX_BYTES)), isThere: false, tries: 0 }
      }
      // What broke off is sent again as it was, whatever ranges are named now: of each round the server gets one answer.
      if (last.isThere || said.round !== last.round || ++last.tries > MAX_TRIES) continue
      screen.now(`sending ${size(last.body.length)} more, which the debugger missed`)
      last.isThere = await unlessBroken(() => post(server, task, last.body, signal)) ?? false
    }
  } catch (cause) {
    if (!signal.aborted) screen.tell(`No more of the core is sent: ${sentenceOf(cause)}`)
  }
}

async function wantedOf(server: Server, { id, password }: Task, signal: AbortSignal): Promise<Wanted | 'ended'> {
  const headers = { 'X-Task-Password': password, 'Accept': 'application/json' }
  const answer = await server.ask(`/${id}`, { headers, signal })
  const text = await answer.text(MAX_STATUS)
  return answer.status === 200 ? wantedIn(text) ?? 'ended' : 'ended'
}

/** False: not now, and perhaps later, while the task waits. Throws ClientFailure where it is refused. */
async function post(server: Server, { id, password }: Task, body: Uint8Array, signal: AbortSignal): Promise<boolean> {
  const answer = await server.ask(`/${id}/memory`, {
    method: 'POST',
    headers: {
      'X-Task-Password': password,
      'Content-Type': 'application/octet-stream',
      'Content-Length': String(body.length),
    },
    body: Readable.from(body.length === 0 ? [] : [body], { objectMode: false }),
    signal,
  })
  const text = await answer.text()
  if (answer.status < 300) return true
  if (LATER.has(answer.status) || answer.status >= 500) return false
  throw new ClientFailure(`${server.address} says: ${quote(text.trim())}`)
}

/** Undefined: the connection broke. */
async function unlessBroken<Answer>(act: () => Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await act()
  } catch (cause) {
    if (cause instanceof ClientFailure && cause.isBroken) return undefined
    throw cause
  }
}

/** What a status says; undefined: the task has ended, or it is no status. Pure. */
export function wantedIn(text: string): Wanted | undefined {
  let status: unknown
  try {
    status = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof status !== 'object' || status === null || !('state' in status) || status.state !== 'PENDING') {
    return undefined
  }
  const wanted = 'wanted' in status ? status.wanted : null
  if (typeof wanted !== 'object' || wanted === null || !('round' in wanted) || !('ranges' in wanted)) {
    return { round: 0, ranges: undefined }
  }
  const round = Number(wanted.round)
  const list = Array.isArray(wanted.ranges) ? wanted.ranges.slice(0, MAX_RANGES) as unknown[] : []
  const ranges = list.flatMap((each): Range[] => {
    if (typeof each !== 'object' || each === null || !('start' in each) || !('length' in each)) return []
    const { start, length } = each
    if (typeof start !== 'string' || !/^0x[0-9a-f]{1,16}$/.test(start) || !Number.isSafeInteger(length)) return []
    return Number(length) > 0 && Number(length) <= MAX_BYTES ? [{ start: BigInt(start), length: Number(length) }] : []
  })
  return Number.isInteger(round) && round >= 1 ? { round, ranges } : { round: 0, ranges: undefined }
}

/** As docs/http.md has it, 'POST /<id>/memory'. */
function bodyOf(pages: readonly { readonly start: number; readonly bytes: Uint8Array }[]): Uint8Array {
  const all = new Uint8Array(pages.reduce((sum, { bytes }) => sum + HEAD + bytes.length, 0))
  const view = new DataView(all.buffer)
  let at = 0
  for (const { start, bytes } of pages) {
    view.setBigUint64(at, BigInt(start))
    view.setUint32(at + 8, bytes.length)
    all.set(bytes, at + HEAD)
    at += HEAD + bytes.length
  }
  return all
}
