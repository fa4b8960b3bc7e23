/**
 * PAX extended headers (POSIX.1-2001, pax): records `LENGTH KEY=VALUE\n`, and what of them changes how a member is
 * read. Pure but for its count. Time stamps, owners and vendors' keys are skipped.
 */
import { badStream } from './bad_stream.ts'
import type { Turns } from '../stream/turns.ts'
import type { Overhead } from './overhead.ts'
import { parseCommaMap, parseDecimal, SparseMap } from './sparse_map.ts'

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

/** The records of a header, in order, their values as bytes. Throws bad-stream. */
export function* paxRecords(bytes: Uint8Array): Generator<{ key: string; value: Uint8Array }> {
  for (let at = 0; at < bytes.length;) {
    const space = bytes.subarray(at, at + 11).indexOf(0x20)
    const length = space < 1 ? NaN : Number(digits(bytes.subarray(at, at + space)))
    const record = bytes.subarray(at + space + 1, at + length)
    const equals = record.indexOf(0x3d)
    const isWhole = length > space + 1 && at + length <= bytes.length && record.at(-1) === 0x0a
    if (!isWhole || equals < 1) throw badStream('An extended header of the tar archive is damaged')
    yield { key: ascii(record.subarray(0, equals)), value: record.subarray(equals + 1, -1) }
    at += length
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
    await turns.next()
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

function digits(bytes: Uint8Array): string {
  const text = ascii(bytes)
  return /^[0-9]+$/.test(text) ? text : 'NaN'
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
}

/** For keys and numbers; one character a byte, so that nothing foreign becomes one of ours. */
function ascii(bytes: Uint8Array): string {
  return new TextDecoder('latin1').decode(bytes)
}
