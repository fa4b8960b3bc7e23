/**
 * Further memory, where the debugger missed some: the server names it in the task's status, and it is sent if the core has it and it was
 * not kept back. Owns what a server can get so: three rounds of 1 MiB, whatever it asks for. What goes wrong here costs nothing but
 * that memory.
 */
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Slim } from '../slim/slim.ts'
import { MIB } from '../units/bytes.ts'
import { size } from './about.ts'
import { ClientFailure } from './failure.ts'
import { MAX_ROUNDS } from './offer.ts'
import type { Screen } from './screen.ts'
import type { Task } from './send.ts'
import type { Server } from './server.ts'

const MAX_BYTES = MIB
const MAX_RANGES = 512
const MAX_STATUS = 4 * MIB
const POLL_MS = 1_000
const HEAD = 12

interface Range {
  readonly start: bigint
  readonly length: number
}

/** Until the task has ended, or `signal` aborts. */
export async function sendWanted(
  server: Server,
  task: Task,
  slim: Slim,
  { screen, signal }: { screen: Screen; signal: AbortSignal },
): Promise<void> {
  let done = 0
  try {
    while (done < MAX_ROUNDS) {
      await sleep(POLL_MS, undefined, { signal })
      const headers = { 'X-Task-Password': task.password }
      const answer = await server.ask(`/${task.id}`, { headers: { ...headers, Accept: 'application/json' }, signal })
      const said = wantedIn(await answer.text(MAX_STATUS))
      if (answer.status !== 200 || said === undefined) return
      if (said.ranges === undefined || said.round <= done) continue
      done = said.round
      const body = bodyOf(slim.more(said.ranges, MAX_BYTES))
      screen.now(`sending ${size(body.length)} more, which the debugger missed`)
      const taken = await server.ask(`/${task.id}/memory`, {
        method: 'POST',
        headers: { ...headers, 'Content-Type': 'application/octet-stream', 'Content-Length': String(body.length) },
        body: Readable.from(body.length === 0 ? [] : [body], { objectMode: false }),
        signal,
      })
      await taken.text()
    }
  } catch (cause) {
    if (!signal.aborted && !(cause instanceof ClientFailure)) throw cause
  }
}

/** What a status says; undefined: the task has ended, or it is no status. Pure. */
export function wantedIn(text: string): { round: number; ranges: Range[] | undefined } | undefined {
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
