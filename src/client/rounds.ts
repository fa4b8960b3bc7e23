/**
 * Further memory, where the debugger missed some: the server names it in the task's status, and it is sent if the core has it and it was
 * not kept back. Owns what a server can get so: as many rounds of 1 MiB as the person agreed to, whatever it asks for and however often
 * it breaks off. What goes wrong here costs nothing but that memory.
 */
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { ElfError } from '../elf/error.ts'
import { errnoOf } from '../errors/errno.ts'
import { MAX_ROUND, memoryBody, type Wanted, wantedIn } from '../slim/round.ts'
import type { Slim } from '../slim/slim.ts'
import { quote } from '../text/escape.ts'
import { MIB } from '../units/bytes.ts'
import { size } from './about.ts'
import { ClientFailure, sentenceOf, unlessBroken } from './failure.ts'
import type { Screen } from './screen.ts'
import type { Task } from './send.ts'
import type { Server } from './server.ts'

const MAX_STATUS = 4 * MIB
const POLL_MS = 1_000
/** How often the memory of one round is sent, where it did not arrive: a minute's waiting in all. */
const MAX_TRIES = 60
/** Silence, a connection before this one that the server believes in still, too many requests. */
const LATER = new Set([408, 409, 429])

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
        last = {
          round: said.round,
          body: bodyFor(said, slim, screen),
          isThere: false,
          tries: 0,
        }
      }
      // What broke off is sent again as it was, whatever ranges are named now: of each round the server gets one answer.
      if (last.isThere || said.round !== last.round || ++last.tries > MAX_TRIES) continue
      if (last.body.length > 0) screen.now(`sending ${size(last.body.length)} more, which the debugger missed`)
      last.isThere = await unlessBroken(() => post(server, task, last.body, signal)) ?? false
    }
  } catch (cause) {
    if (!signal.aborted) screen.tell(`No more of the core is sent: ${sentenceOf(cause)}`)
  }
}

/** Where the core cannot be read any more, nothing: the task ends with what it has, and waits for no more. */
function bodyFor({ ranges = [], within }: Wanted, slim: Slim, screen: Screen): Uint8Array {
  try {
    return memoryBody(slim.more(ranges, MAX_ROUND, within))
  } catch (cause) {
    if (!(cause instanceof ElfError) && errnoOf(cause) === undefined) throw cause
    screen.tell(`No more of the core is sent: ${sentenceOf(cause)}`)
    return new Uint8Array()
  }
}

async function wantedOf(server: Server, { id, password }: Task, signal: AbortSignal): Promise<Wanted | 'ended'> {
  const headers = { 'X-Task-Password': password, 'Accept': 'application/json' }
  const answer = await server.ask(`/${id}`, { headers, signal })
  const text = await answer.text(MAX_STATUS)
  // A proxy before a server that starts again says so.
  if (answer.status >= 500 || LATER.has(answer.status)) return { round: 0, ranges: undefined }
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
