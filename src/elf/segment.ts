/**
 * The memory segments of a core: what was mapped, what of it was dumped, what of that the file still holds. p_filesz is
 * never believed without a look at the size of the file.
 */
import { type ProgramHeader, PT_LOAD, PT_NOTE } from './header.ts'
import type { LeftOutRange } from './left_out.ts'

/** A mapping of the crashed process. Addresses and sizes in bytes. */
export interface Segment {
  readonly start: bigint
  /** Bytes that were mapped. */
  readonly memorySize: bigint
  readonly fileOffset: bigint
  /** Bytes that the program header says were dumped. */
  readonly fileSize: bigint
  /** Bytes that really are in the file: memory beyond these is unavailable, never zero. */
  readonly dumped: bigint
  /** PF_X 1, PF_W 2, PF_R 4. */
  readonly flags: number
  /** It was dumped, and the sender kept it back (left_out.ts). */
  readonly leftOut?: boolean
}

/** What a core lacks of what its program headers promise. */
export interface Truncation {
  readonly missingBytes: bigint
  /** Segments that lack bytes, notes included. */
  readonly segments: number
}

/** The PT_LOAD headers of a core, against the size of its file, sorted by address. */
export function segmentsOf(headers: readonly ProgramHeader[], fileSize: number): Segment[] {
  const segments: Segment[] = []
  let sorted = true
  for (const header of headers) {
    if (header.type !== PT_LOAD) continue
    const present = bytesPresent(header, fileSize)
    const segment = {
      start: header.address,
      memorySize: header.memorySize,
      fileOffset: header.offset,
      fileSize: header.fileSize,
      dumped: present < header.memorySize ? present : header.memorySize,
      flags: header.flags,
    }
    const last = segments.at(-1)
    if (last !== undefined && last.start > segment.start) sorted = false
    segments.push(segment)
  }
  if (!sorted) segments.sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0))
  return segments
}

/** The segments with those that the sender of a slim core kept back, of which the file has no header; sorted by address. */
export function withLeftOut(segments: Segment[], ranges: readonly LeftOutRange[]): Segment[] {
  if (ranges.length === 0) return segments
  const kept = ranges.map(({ start, end, flags }) => ({
    start,
    memorySize: end - start,
    fileOffset: 0n,
    fileSize: 0n,
    dumped: 0n,
    flags,
    leftOut: true,
  }))
  return [...segments, ...kept].sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0))
}

/** File size against program headers: undefined when the file holds all that they promise. */
export function truncationOf(headers: readonly ProgramHeader[], fileSize: number): Truncation | undefined {
  let missingBytes = 0n
  let segments = 0
  for (const header of headers) {
    if (header.type !== PT_LOAD && header.type !== PT_NOTE) continue
    const missing = header.fileSize - bytesPresent(header, fileSize)
    if (missing <= 0n) continue
    missingBytes += missing
    segments++
  }
  return segments === 0 ? undefined : { missingBytes, segments }
}

/** The last segment that starts at or below `address`, if it holds it; `segments` sorted by start. */
export function segmentAt(segments: readonly Segment[], address: bigint): Segment | undefined {
  const segment = segments[lastAtOrBelow(segments, address)]
  return segment !== undefined && address < segment.start + segment.memorySize ? segment : undefined
}

/** Index of the last item whose start is at or below `address`, -1 for none; `items` sorted by start. */
export function lastAtOrBelow(items: readonly { readonly start: bigint }[], address: bigint): number {
  let [low, high] = [0, items.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    const item = items[middle]
    if (item !== undefined && item.start <= address) low = middle + 1
    else high = middle
  }
  return low - 1
}

function bytesPresent(header: ProgramHeader, fileSize: number): bigint {
  const rest = BigInt(fileSize) - header.offset
  if (rest <= 0n) return 0n
  return rest < header.fileSize ? rest : header.fileSize
}
