/**
 * The crashed process's memory, as far as the core holds it. A read ends early at what was not dumped or was cut off;
 * it never returns zeros in its place.
 */
import type { ByteSource } from './bytes_source.ts'
import { type Encoding, Fields, fileNumber } from './fields.ts'
import { type Segment, segmentAt } from './segment.ts'

/** Longest text that is read from memory: PATH_MAX of the kernel. */
const MAX_TEXT = 4096

export interface Memory {
  readonly encoding: Encoding
  /** Bytes from `address` on, at most `length`, fewer where the dumped memory ends, empty where there is none. */
  read(address: bigint, length: number): Uint8Array
  /** All `length` bytes, or undefined. */
  fields(address: bigint, length: number): Fields | undefined
  /** NUL-terminated text of at most 4096 bytes, or undefined. */
  text(address: bigint): string | undefined
}

/** `segments` sorted by address (`Core.segments` are). Callers bound `length`. */
export function coreMemory(source: ByteSource, segments: readonly Segment[], encoding: Encoding): Memory {
  function read(address: bigint, length: number): Uint8Array {
    const first = readWithin(address, length)
    if (first.length === length || first.length === 0) return first
    const bytes = new Uint8Array(length)
    let filled = 0
    let piece = first
    while (piece.length > 0) {
      bytes.set(piece, filled)
      filled += piece.length
      piece = readWithin(address + BigInt(filled), length - filled)
    }
    return bytes.subarray(0, filled)
  }

  function readWithin(address: bigint, length: number): Uint8Array {
    const segment = segmentAt(segments, address)
    if (segment === undefined) return new Uint8Array(0)
    const skipped = address - segment.start
    const left = segment.dumped - skipped
    const offset = fileNumber(segment.fileOffset + skipped)
    if (left <= 0n || offset === undefined) return new Uint8Array(0)
    return source.read(offset, left < BigInt(length) ? Number(left) : length)
  }

  return {
    encoding,
    read,
    fields(address, length) {
      const bytes = read(address, length)
      return bytes.length === length ? new Fields(bytes, encoding) : undefined
    },
    text: (address) => new Fields(read(address, MAX_TEXT), encoding).string(0, MAX_TEXT),
  }
}
