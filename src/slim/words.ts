/** Words of a core's memory that may be addresses, as numbers. Pure. Refuses what no user's process can point to. */
import { PAGE, type Pages } from './pages.ts'

export interface WordForm {
  readonly littleEndian: boolean
  readonly wordSize: 4 | 8
  /** Address bits that count, where a machine has others above them (arm64: tags, signatures). */
  readonly mask?: number
}

/** Nothing is mapped below (vm.mmap_min_addr). */
const LOWEST = 4096
/** A high half of an address below 2^53. */
const MAX_HIGH = 0x200000

/** Aligned words from `start` to `end`, as far as they were dumped; those that cannot be addresses are left out. */
export function wordsIn(pages: Pages, start: number, end: number, form: WordForm): number[] {
  const { littleEndian, wordSize, mask } = form
  const words: number[] = []
  const high = littleEndian ? 4 : 0
  let at = start - (start % wordSize)
  while (at < end) {
    const page = Math.floor(at / PAGE)
    const bytes = pages.read(page)
    const base = page * PAGE
    const last = Math.min(end - base, bytes.length)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    for (let offset = at - base; offset + wordSize <= last; offset += wordSize) {
      let word = view.getUint32(wordSize === 8 ? offset + 4 - high : offset, littleEndian)
      if (wordSize === 8) {
        let upper = view.getUint32(offset + high, littleEndian)
        if (mask !== undefined) upper &= mask
        if (upper >= MAX_HIGH) continue
        word += upper * 2 ** 32
      }
      if (word >= LOWEST) words.push(word)
    }
    at = base + PAGE
  }
  return words
}
