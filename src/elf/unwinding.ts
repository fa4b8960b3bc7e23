/**
 * Whether a file tells who called the function at an address: by call frame information, or by the index table of the ARM
 * EABI ('Exception Handling ABI', 6). Where none does, a debugger reads instructions and guesses. Owns the answer for a
 * program or library with its debuginfo; where a table cannot be read the answer is that it tells.
 */
import { frameRanges, type Range, rangeByTable, type Unknown } from './call_frames.ts'
import { ElfError } from './error.ts'
import { Fields, fileNumber } from './fields.ts'
import { type ElfHeader, parseHeader, type ProgramHeader, PT_LOAD, readProgramHeaders } from './header.ts'
import { readSections, type Section, SHF_COMPRESSED, SHT_NOBITS } from './section.ts'
import { lastAtOrBelow } from './segment.ts'
import type { ByteSource } from './bytes_source.ts'

const CANNOT_UNWIND = 1
const PAGE = 0x1000n

export class UnwindTables {
  readonly #source: ByteSource
  readonly #header: ElfHeader
  readonly #sections: Section[]
  readonly #loads: ProgramHeader[]
  /** All ranges of a section, once it was read from its beginning to its end. */
  readonly #ranges = new Map<Section, Range[] | Unknown>()

  /** Throws ElfError for what is no ELF file. */
  constructor(source: ByteSource) {
    this.#source = source
    this.#header = parseHeader(source.read(0, 64))
    this.#sections = readSections(source, this.#header).filter(({ type, size }) => type !== SHT_NOBITS && size > 0n)
    this.#loads = readProgramHeaders(source, this.#header).filter(({ type }) => type === PT_LOAD)
  }

  /** The address before it was loaded of what lies at an offset of the file; undefined: it is not loaded. */
  addressOf(offset: bigint): bigint | undefined {
    const load = this.#loads.find((each) => offset >= each.offset && offset - each.offset < each.fileSize)
    return load && load.address + offset - load.offset
  }

  /** Of its first page. */
  get firstAddress(): bigint {
    const [first] = this.#loads
    return first === undefined ? 0n : first.address - first.address % PAGE
  }

  /** Whether one of its tables has an entry for the address. */
  covers(address: bigint): boolean {
    try {
      return this.#ehFrame(address) || this.#armIndex(address) || this.#debugFrame(address)
    } catch (error) {
      if (error instanceof ElfError) return true
      throw error
    }
  }

  #ehFrame(address: bigint): boolean {
    const [frames, table] = [this.#named('.eh_frame'), this.#named('.eh_frame_hdr')]
    if (frames === undefined) return false
    if (table !== undefined) {
      const range = rangeByTable(this.#source, this.#header, { table, frames, address })
      if (range !== 'unknown') return range !== undefined && isIn(range, address)
    }
    return this.#hasRange(frames, address)
  }

  #debugFrame(address: bigint): boolean {
    const frames = this.#named('.debug_frame')
    // Packed, it is Go's, which has every function in it.
    if (frames === undefined) return this.#named('.zdebug_frame') !== undefined
    return (frames.flags & SHF_COMPRESSED) !== 0n || this.#hasRange(frames, address)
  }

  #hasRange(section: Section, address: bigint): boolean {
    const ranges = this.#ranges.get(section) ?? sorted(frameRanges(this.#source, this.#header, section))
    this.#ranges.set(section, ranges)
    if (ranges === 'unknown') return true
    const range = ranges[lastAtOrBelow(ranges, address)]
    return range !== undefined && isIn(range, address)
  }

  /** Pairs of words, by address: where a function begins, and how it is unwound. */
  #armIndex(address: bigint): boolean {
    const index = this.#named('.ARM.exidx')
    const offset = index && fileNumber(index.offset)
    if (index === undefined || offset === undefined) return false
    const pair = (number: number) => new Fields(this.#source.read(offset + number * 8, 8), this.#header)
    const start = (number: number) =>
      BigInt.asUintN(32, index.address + BigInt(number * 8) + BigInt.asIntN(31, BigInt(pair(number).u32(0))))
    let [low, high] = [0, Number(index.size / 8n)]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (start(middle) <= address) low = middle + 1
      else high = middle
    }
    return low > 0 && pair(low - 1).u32(4) !== CANNOT_UNWIND
  }

  #named(name: string): Section | undefined {
    return this.#sections.find((section) => section.name === name)
  }
}

function sorted(ranges: Range[] | Unknown): Range[] | Unknown {
  return ranges === 'unknown' ? ranges : ranges.sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0))
}

function isIn({ start, end }: Range, address: bigint): boolean {
  return address >= start && address < end
}
