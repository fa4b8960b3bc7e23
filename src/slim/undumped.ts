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
const AT_PAGESZ = 6
const USUAL_PAGE = 4096n

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
 * What nobody writes to is as good from the file: its ELF header, of which the kernel dumps a page. All else is told to be left
 * out. Code, too: the kernel dumps it where the process, or a debugger, wrote to it (relocations, breakpoints, patches), and a
 * core that has the code of all modules does not say where.
 */
export function leftOutOf(
  { files, segments, auxv }: Core,
  left: Runs['left'],
): { ranges: LeftOutRange[]; inFiles: Undumped[] } {
  const ranges: LeftOutRange[] = []
  const inFiles: Undumped[] = []
  const page = auxv.get(AT_PAGESZ) ?? USUAL_PAGE
  for (const { start, end, flags } of left) {
    const range = { start: BigInt(start), end: BigInt(end), flags }
    const file = fileAt(files, range.start)
    const header = file?.fileOffset === 0n && (flags & PF_W) === 0 ? file.start + page : range.start
    const asInFile = header < range.end ? header : range.end
    if (asInFile > range.start) inFiles.push({ start: range.start, size: asInFile - range.start, flags })
    if (asInFile < range.end) ranges.push({ ...range, start: asInFile > range.start ? asInFile : range.start })
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
