/**
 * What a core lacks of the crashed process's memory, in words and numbers: parts that its program headers promise and
 * the file does not hold (it was cut off), and mappings that were never dumped (coredump_filter). Pure. Refuses to list
 * more than a reader can use.
 */
import type { Core } from '../../../src/elf/core.ts'
import { type MappedFile, withoutDeletedMark } from '../../../src/elf/mapping.ts'
import { lastAtOrBelow } from '../../../src/elf/segment.ts'

/** A segment of which the file lacks bytes. */
export interface CutSegment {
  readonly start: bigint
  readonly end: bigint
  readonly missingBytes: bigint
  /** Of the file that was mapped there; undefined for memory without one. */
  readonly path: string | undefined
}

const MAX_LISTED = 100
const MAX_NAMED = 3
const PF_W = 2

/** The first hundred by address. */
export function cutSegments({ segments, files }: Pick<Core, 'segments' | 'files'>): CutSegment[] {
  const cut: CutSegment[] = []
  for (const { start, memorySize, fileSize, dumped } of segments) {
    const missingBytes = (fileSize < memorySize ? fileSize : memorySize) - dumped
    if (missingBytes <= 0n) continue
    cut.push({ start, end: start + memorySize, missingBytes, path: pathAt(files, start) })
    if (cut.length === MAX_LISTED) break
  }
  return cut
}

/** `the core is cut off: 5000 bytes of 2 segments are missing (libc.so.6, memory at 0x7f...)`; undefined: it is whole. */
export function cutSentence(core: Pick<Core, 'segments' | 'files' | 'truncated'>): string | undefined {
  if (core.truncated === undefined) return undefined
  const { missingBytes, segments } = core.truncated
  const names = [...new Set(cutSegments(core).map(nameOf))]
  const shown = [...names.slice(0, MAX_NAMED), ...(names.length > MAX_NAMED ? ['...'] : [])]
  return `the core is cut off: ${missingBytes} bytes of ${segments} segments are missing` +
    (shown.length === 0 ? '' : ` (${shown.join(', ')})`)
}

/** Lines for the log: the sentence, each segment, and how much was never dumped. */
export function memoryRemarks(core: Pick<Core, 'segments' | 'files' | 'truncated'>): string[] {
  const cut = cutSentence(core)
  const undumped = core.segments.filter((each) => (each.flags & PF_W) !== 0 && each.fileSize < each.memorySize)
  const lines = cut === undefined ? [] : [
    cut,
    ...cutSegments(core).map((each) =>
      `missing: ${each.missingBytes} of ${each.end - each.start} bytes at 0x${each.start.toString(16)}` +
      (each.path === undefined ? '' : ` (${each.path})`)
    ),
  ]
  if (undumped.length > 0) {
    const bytes = undumped.reduce((sum, each) => sum + each.memorySize - each.fileSize, 0n)
    lines.push(
      `writable mappings that were not dumped: ${undumped.length} (${bytes} bytes); their memory is unavailable`,
    )
  }
  return lines
}

function nameOf({ path, start }: CutSegment): string {
  return path === undefined ? `memory at 0x${start.toString(16)}` : path.slice(path.lastIndexOf('/') + 1)
}

function pathAt(files: readonly MappedFile[], address: bigint): string | undefined {
  const file = files[lastAtOrBelow(files, address)]
  return file !== undefined && address < file.end ? withoutDeletedMark(file.path).path : undefined
}
