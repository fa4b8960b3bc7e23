/**
 * What a slim core says of memory that it does not hold: what the kernel did not dump, which a debugger reads from files, and
 * what was left out, which it must not. Pure.
 */
import type { Core } from '../elf/core.ts'
import type { LeftOutRange } from '../elf/left_out.ts'
import type { MappedFile } from '../elf/mapping.ts'
import { lastAtOrBelow } from '../elf/segment.ts'
import type { Undumped } from './layout.ts'
import { NO_ADDRESS } from './pages.ts'
import type { Runs } from './runs.ts'

const [PF_X, PF_W] = [1, 2]

/** Undumped memory, at most `limit` pieces: code first, then what is of files, then the rest. */
export function undumpedOf({ segments, files }: Core, limit: number): Undumped[] {
  const all = segments.filter(({ dumped, memorySize, leftOut }) => dumped < memorySize && leftOut !== true).map((
    segment,
  ) => ({
    start: segment.start + segment.dumped,
    size: segment.memorySize - segment.dumped,
    flags: segment.flags,
  }))
  if (all.length <= limit) return all
  const weight = ({ start, flags }: Undumped) => (flags & PF_X) !== 0 ? 0 : fileAt(files, start) !== undefined ? 1 : 2
  return all.map((each) => ({ each, weight: weight(each) })).sort((a, b) => a.weight - b.weight).slice(0, limit)
    .map(({ each }) => each)
}

/**
 * What nobody writes to is as good from the file: code, which debuggers dump when they make a core, and what is mapped from
 * the file's beginning, its ELF header, of which the kernel dumps a page. All else is told to be left out.
 */
export function leftOutOf(
  { files, segments }: Core,
  left: Runs['left'],
): { ranges: LeftOutRange[]; inFiles: Undumped[] } {
  const ranges: LeftOutRange[] = []
  const inFiles: Undumped[] = []
  for (const { start, end, flags } of left) {
    const range = { start: BigInt(start), end: BigInt(end), flags }
    const file = fileAt(files, range.start)
    const isAsInFile = file !== undefined && (flags & PF_W) === 0 && ((flags & PF_X) !== 0 || file.fileOffset === 0n)
    if (isAsInFile) {
      inFiles.push({ start: range.start, size: range.end - range.start, flags })
    } else ranges.push(range)
  }
  // Memory at addresses that no pointer of a program has, such as the vsyscall page.
  for (const { start, dumped, flags } of segments) {
    if (dumped > 0n && start + dumped >= NO_ADDRESS) ranges.push({ start, end: start + dumped, flags })
  }
  return { ranges: ranges.sort((a, b) => (a.start < b.start ? -1 : 1)), inFiles }
}

function fileAt(files: Core['files'], address: bigint): MappedFile | undefined {
  const file = files[lastAtOrBelow(files, address)]
  return file !== undefined && address < file.end ? file : undefined
}
