/**
 * PAX extended headers (POSIX.1-2001, pax): records `LENGTH KEY=VALUE\n`, and what of them changes how a member is
 * read. Pure but for its count. Time stamps, owners and vendors' keys are skipped.
 */
import { Buffer } from 'node:buffer'
import { badStream } from './bad_stream.ts'
import type { Turns } from '../stream/turns.ts'
import type { Overhead } from './overhead.ts'
import { parseCommaMap, parseDecimal, SparseMap } from './sparse_map.ts'

const UTF8 = new TextDecoder('utf-8', { ignoreBOM: true })

/** What PAX headers have said about the next member, or about all that follow. */
export interface PaxValues {
  path?: string | undefined
  size?: number | undefined
  sparseName?: string | undefined
  sparseSize?: number | undefined
  sparseMajor?: number | undefined
  sparseMinor?: number | undefined
  /** The map of the forms 0.0 and 0.1; that of 1.0 lies before the member's data. */
  sparseMap?: SparseMap | undefined
  /** 0.0: an offset that still lacks its length. */
  sparseOffset?: number | undefined
}

/** Decimal digits of the length of a record: more than a header can have. */
const MAX_DIGITS = 10

/** The records of a header, in order, their values as bytes. Throws bad-stream. */
export function* paxRecords(bytes: Uint8Array): Generator<{ key: string; value: Uint8Array }> {
  const whole = bufferOf(bytes)
  for (let at = 0; at < bytes.length;) {
    let space = at
    let length = 0
    for (let digit = digitAt(bytes, space); digit >= 0 && space - at < MAX_DIGITS; digit = digitAt(bytes, ++space)) {
      length = length * 10 + digit
    }
    const end = at + length
    const equals = whole.indexOf(0x3d, space + 1)
    const isRecord = space > at && bytes[space] === 0x20 && end <= bytes.length && bytes[end - 1] === 0x0a
    if (!isRecord || equals < space + 2 || equals >= end) {
      throw badStream('An extended header of the tar archive is damaged')
    }
    yield { key: whole.toString('latin1', space + 1, equals), value: bytes.subarray(equals + 1, end - 1) }
    at = end
  }
}

/** Adds the records of a header to `values`. An empty value takes back what was said before. Throws bad-stream. */
export async function applyPax(
  values: PaxValues,
  bytes: Uint8Array,
  { overhead, turns }: { overhead: Overhead; turns: Turns },
): Promise<void> {
  for (const { key, value } of paxRecords(bytes)) {
    overhead.takeRecord()
    const turn = turns.next()
    if (turn !== undefined) await turn
    switch (key) {
      case 'path':
        values.path = value.length === 0 ? undefined : textOf(value)
        break
      case 'size':
        values.size = value.length === 0 ? undefined : parseDecimal(ascii(value))
        break
      case 'GNU.sparse.name':
        values.sparseName = textOf(value)
        break
      case 'GNU.sparse.size':
      case 'GNU.sparse.realsize':
        values.sparseSize = parseDecimal(ascii(value))
        break
      case 'GNU.sparse.major':
        values.sparseMajor = parseDecimal(ascii(value))
        break
      case 'GNU.sparse.minor':
        values.sparseMinor = parseDecimal(ascii(value))
        break
      case 'GNU.sparse.map':
        values.sparseMap = await parseCommaMap(ascii(value), turns)
        break
      case 'GNU.sparse.numblocks':
        values.sparseMap ??= new SparseMap()
        break
      case 'GNU.sparse.offset':
        values.sparseOffset = parseDecimal(ascii(value))
        break
      case 'GNU.sparse.numbytes':
        if (values.sparseOffset === undefined) throw badStream('The map of a sparse member is damaged')
        values.sparseMap ??= new SparseMap()
        values.sparseMap.add(values.sparseOffset, parseDecimal(ascii(value)))
        values.sparseOffset = undefined
        break
    }
  }
}

/** The value of a digit, or -1. */
function digitAt(bytes: Uint8Array, at: number): number {
  const digit = (bytes[at] ?? 0) - 0x30
  return digit <= 9 ? digit : -1
}

function textOf(bytes: Uint8Array): string {
  return UTF8.decode(bytes)
}

/** For keys and numbers; one character a byte, so that nothing foreign becomes one of ours. */
function ascii(bytes: Uint8Array): string {
  return bufferOf(bytes).toString('latin1')
}

/** The same bytes. */
function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}
