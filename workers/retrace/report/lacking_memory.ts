/**
 * What a core lacks of the crashed process's memory, in numbers: parts that its program headers promise and the file
 * does not hold (it was cut off), and mappings that were never dumped (coredump_filter). Pure. The list is no longer
 * than a reader can use.
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

export interface CutOff {
  readonly missingBytes: bigint
  readonly segments: number
  /** The first hundred of those segments. */
  readonly parts: readonly CutSegment[]
}

const MAX_LISTED = 100
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

/** What a core lacks at its end; undefined: it is whole. */
export function cutOffIn(core: Pick<Core, 'segments' | 'files' | 'truncated'>): CutOff | undefined {
  return core.truncated && { ...core.truncated, parts: cutSegments(core) }
}

/** Writable mappings of which the kernel was told to dump nothing, or a part; not what a sender kept back. */
export function undumpedIn({ segments }: Pick<Core, 'segments'>): { mappings: number; bytes: bigint } {
  const undumped = segments.filter((each) =>
    each.leftOut !== true && (each.flags & PF_W) !== 0 && each.fileSize < each.memorySize
  )
  const bytes = undumped.reduce((sum, each) => sum + each.memorySize - each.fileSize, 0n)
  return { mappings: undumped.length, bytes }
}

function pathAt(files: readonly MappedFile[], address: bigint): string | undefined {
  const file = files[lastAtOrBelow(files, address)]
  return file !== undefined && address < file.end ? withoutDeletedMark(file.path).path : undefined
}
