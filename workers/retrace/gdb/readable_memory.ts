/**
 * Which addresses a core can really answer for. gdb reads mappings that were never dumped as zeros and shows them as
 * values; told these regions (and `set mem inaccessible-by-default on`), it says 'Cannot access memory' instead.
 * Pure. Owns that arithmetic; refuses files that were mapped for writing: what the process wrote there is lost, and
 * what the file holds is not it.
 */
import type { Core } from '../../../src/elf/core.ts'
import { lastAtOrBelow } from '../../../src/elf/segment.ts'

export interface Region {
  readonly start: bigint
  readonly end: bigint
}

const PF_W = 2

/**
 * The dumped part of every segment, and the read-only mappings of files that `isKnown` (by their path in NT_FILE) has;
 * sorted, joined where they touch. Of a core without NT_FILE all read-only mappings count, since nothing says which
 * of them are files. What a sender left out is never read, whatever was mapped there.
 */
export function readableRegions(
  core: Pick<Core, 'segments' | 'files'>,
  isKnown: (path: string) => boolean,
): Region[] {
  const regions: Region[] = []
  const undumped: Region[] = []
  for (const segment of core.segments) {
    const end = segment.start + segment.memorySize
    if (segment.dumped > 0n) regions.push({ start: segment.start, end: segment.start + segment.dumped })
    if (segment.dumped >= segment.memorySize) continue
    if ((segment.flags & PF_W) !== 0 || segment.leftOut === true) undumped.push({ start: segment.start, end })
    else if (core.files.length === 0) regions.push({ start: segment.start, end })
  }
  const lost = joined(undumped)
  for (const file of core.files) {
    if (isKnown(file.path)) regions.push(...without(file, lost))
  }
  return joined(regions)
}

/**
 * The same regions, joined over gaps in which nothing was mapped: gdb finds nothing there in any case, and a core of
 * thousands of mappings becomes a short list for it.
 */
export function acrossGaps(regions: readonly Region[], { segments }: Pick<Core, 'segments'>): Region[] {
  const out: Region[] = []
  for (const region of regions) {
    const last = out.at(-1)
    if (last === undefined || isMappedBetween(segments, last.end, region.start)) out.push(region)
    else out[out.length - 1] = { start: last.start, end: region.end }
  }
  return out
}

function isMappedBetween(segments: Core['segments'], from: bigint, to: bigint): boolean {
  const before = segments[lastAtOrBelow(segments, to - 1n)]
  return before !== undefined && before.start + before.memorySize > from
}

/** Whether `address` lies in one of the regions (sorted, apart from each other). */
export function isReadable(regions: readonly Region[], address: bigint): boolean {
  const region = regions[firstEndingAfter(regions, address)]
  return region !== undefined && address >= region.start
}

/** What is left of a region without others, which are sorted and apart from each other. */
function without(region: Region, others: readonly Region[]): Region[] {
  const left: Region[] = []
  let start = region.start
  for (let index = firstEndingAfter(others, start); start < region.end; index++) {
    const other = others[index]
    const next = other === undefined || other.start > region.end ? region.end : other.start
    if (next > start) left.push({ start, end: next })
    if (other === undefined) break
    start = other.end
  }
  return left
}

function firstEndingAfter(regions: readonly Region[], address: bigint): number {
  let low = 0
  let high = regions.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((regions[middle]?.end ?? 0n) <= address) low = middle + 1
    else high = middle
  }
  return low
}

function joined(regions: Region[]): Region[] {
  const sorted = regions.filter(({ start, end }) => end > start)
    .sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0))
  const out: Region[] = []
  for (const region of sorted) {
    const last = out.at(-1)
    if (last === undefined || region.start > last.end) out.push(region)
    else if (region.end > last.end) out[out.length - 1] = { start: last.start, end: region.end }
  }
  return out
}
