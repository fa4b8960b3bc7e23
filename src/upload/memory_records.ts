/**
 * Memory that a client sends for a further round (docs/http.md, 'POST /<id>/memory'): records of an address (8 bytes), a length
 * (4 bytes), both big-endian, and as many bytes. Pure. Owns what is refused: whatever was not asked for, is there twice or out of
 * order, or does not end where it says.
 */
import { RetraceError } from '../errors/errors.ts'
import { count } from '../text/count.ts'
import { type MemoryRecord, RECORD_HEAD, recordsIn } from '../task/memory_records.ts'
import { MAX_ROUND, type WantedRange } from '../task/rounds.ts'
import type { RequestHead } from './headers.ts'

/** Of one round: as many as ranges are asked for, in two pieces each. */
const MAX_RECORDS = 1024

/** Bytes of the body. Throws unsupported-media-type, length-required, packed-too-large, the first that applies. */
export function memoryLength(head: RequestHead): number {
  if (head.get('content-type')?.split(';')[0]?.trim().toLowerCase() !== 'application/octet-stream') {
    throw new RetraceError('unsupported-media-type', { detail: 'Memory is sent as application/octet-stream' })
  }
  if (head.get('content-encoding') !== null) {
    throw new RetraceError('unsupported-media-type', { detail: 'Memory is sent as it is, without a Content-Encoding' })
  }
  const length = head.get('content-length')
  if (length === null || !/^[0-9]{1,15}$/.test(length)) {
    throw new RetraceError('length-required', { detail: 'Memory is sent with its Content-Length' })
  }
  const most = MAX_ROUND + MAX_RECORDS * RECORD_HEAD
  if (Number(length) <= most) return Number(length)
  throw new RetraceError('packed-too-large', {
    detail: `A round takes 1 MiB of memory, with its records at most ${count(most, 'byte')}`,
  })
}

/** Throws bad-memory. `wanted`: in any order. */
export function parseMemory(body: Uint8Array, wanted: readonly WantedRange[]): MemoryRecord[] {
  const allowed = joined(wanted)
  const records: MemoryRecord[] = []
  let [end, at] = [0n, 0]
  for (const record of recordsIn(body)) {
    const { start, length, bytes } = record
    const name = `The record at 0x${start.toString(16)}, of ${count(length, 'byte')},`
    if (records.length >= MAX_RECORDS) throw bad(`There are more than ${MAX_RECORDS} records`)
    if (length === 0) throw bad(`${name} is empty`)
    if (bytes.length < length) throw bad(`${name} ends behind the body`)
    if (start < end) throw bad(`${name} begins before the end of the one before`)
    end = start + BigInt(length)
    while (at < allowed.length && (allowed[at]?.end ?? 0n) < end) at++
    if (start < (allowed[at]?.start ?? end)) throw bad(`${name} lies in no range that is wanted`)
    records.push(record)
  }
  return records
}

/** Sorted; what touches or overlaps is one. */
function joined(wanted: readonly WantedRange[]): { readonly start: bigint; readonly end: bigint }[] {
  const out: { start: bigint; end: bigint }[] = []
  for (const { start, length } of wanted.toSorted((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0))) {
    const [last, end] = [out.at(-1), start + BigInt(length)]
    if (last === undefined || start > last.end) out.push({ start, end })
    else if (end > last.end) last.end = end
  }
  return out
}

function bad(why: string): RetraceError {
  return new RetraceError('bad-memory', { detail: `${why}; the status of the task has the ranges that are wanted` })
}
