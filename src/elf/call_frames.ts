/**
 * Call frame information: the entries (FDE) of `.eh_frame` (LSB, 'Exception Frames') and of `.debug_frame` (DWARF 5, 6.4).
 * Owns for which addresses a section has one; refuses to read what the instructions of an entry say. Addresses are those
 * that the file has before it is loaded.
 */
import { Fields, fileNumber, wordSize } from './fields.ts'
import type { ElfHeader } from './header.ts'
import type { Section } from './section.ts'
import { type ByteSource, bytesSource } from './bytes_source.ts'
import { MIB } from '../units/bytes.ts'

/** Of code: to before `end`. */
export interface Range {
  readonly start: bigint
  readonly end: bigint
}

/** Written in a way that only the running process, or nobody, could read. */
export type Unknown = 'unknown'

/** DW_EH_PE_*: the low four bits say the size of an address, the next three what it is relative to. */
const PCREL = 0x10
const EXTENDED_LENGTH = 0xffffffff
const MAX_SECTION = 256 * MIB
const MAX_ENTRIES = 4_000_000
const MAX_HEAD = 64

/** Ranges of all entries of a section; 'unknown' also for one of over 256 MiB. Throws ElfError `malformed`. */
export function frameRanges(source: ByteSource, header: ElfHeader, section: Section): Range[] | Unknown {
  const offset = fileNumber(section.offset)
  if (offset === undefined || section.size > BigInt(MAX_SECTION)) return 'unknown'
  const bytes = bytesSource(source.read(offset, Number(section.size)))
  const entries = new Entries(bytes, 0, { header, section })
  const ranges: Range[] = []
  for (let at = 0, count = 0; at + 4 <= bytes.size && count < MAX_ENTRIES; count++) {
    const { range, next } = entries.at(at)
    if (range === 'unknown') return 'unknown'
    if (range !== undefined) ranges.push(range)
    at = next
  }
  return ranges
}

/**
 * The range of the last entry that begins at or before an address, by the sorted table `.eh_frame_hdr`; undefined: none does.
 * 'unknown': the table cannot be searched. Throws ElfError `malformed`.
 */
export function rangeByTable(
  source: ByteSource,
  header: ElfHeader,
  { table, frames, address }: { table: Section; frames: Section; address: bigint },
): Range | undefined | Unknown {
  const [offset, framesAt] = [fileNumber(table.offset), fileNumber(frames.offset)]
  if (offset === undefined || framesAt === undefined || table.size < 12n) return 'unknown'
  const head = new Fields(source.read(offset, 12), header)
  // Version, then how the pointer to .eh_frame, the number of entries and the table are written: as linkers do.
  const isUsual = head.u8(0) === 1 && (head.u8(1) & 0x0f) === 0x0b && head.u8(2) === 0x03 && head.u8(3) === 0x3b
  const entries = head.u32(8)
  if (!isUsual || 12n + BigInt(entries) * 8n > table.size) return 'unknown'
  const entry = (index: number) => new Fields(source.read(offset + 12 + index * 8, 8), header)
  let [low, high] = [0, entries]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (table.address + BigInt(entry(middle).i32(0)) <= address) low = middle + 1
    else high = middle
  }
  if (low === 0) return undefined
  const at = table.address + BigInt(entry(low - 1).i32(4)) - frames.address
  if (at < 0n || at >= frames.size) return 'unknown'
  return new Entries(source, framesAt, { header, section: frames }).at(Number(at)).range
}

interface Entry {
  /** Undefined: it is a CIE, or ends the section. */
  readonly range: Range | undefined | Unknown
  /** Where the next one begins. */
  readonly next: number
}

/** The entries of a section that begins at `start` of its source; places are bytes from there. */
class Entries {
  readonly #source: ByteSource
  readonly #start: number
  readonly #header: ElfHeader
  readonly #address: bigint
  readonly #isEhFrame: boolean
  /** How a CIE has the addresses of its entries written, by its place. */
  readonly #encodings = new Map<number, number | Unknown>()

  constructor(source: ByteSource, start: number, { header, section }: { header: ElfHeader; section: Section }) {
    this.#source = source
    this.#start = start
    this.#header = header
    this.#address = section.address
    this.#isEhFrame = section.name === '.eh_frame'
  }

  at(place: number): Entry {
    const head = this.#read(place)
    const isLong = head.u32(0) === EXTENDED_LENGTH
    const idAt = isLong ? 12 : 4
    const length = isLong ? fileNumber(head.u64(4)) : head.u32(0)
    if (length === undefined) return { range: 'unknown', next: Number.MAX_SAFE_INTEGER }
    const next = place + idAt + length
    // An empty one ends .eh_frame for an unwinder; a linker can leave one in the middle.
    if (length === 0) return { range: undefined, next }
    const idSize = isLong && !this.#isEhFrame ? 8 : 4
    const id = idSize === 8 ? fileNumber(head.u64(idAt)) : head.u32(idAt)
    if (this.#isEhFrame ? id === 0 : id === undefined || (idSize === 4 && id === EXTENDED_LENGTH)) {
      return { range: undefined, next }
    }
    const cie = this.#isEhFrame ? place + idAt - (id ?? 0) : id ?? 0
    const encoding = this.#encodingOf(cie)
    return { range: encoding === 'unknown' ? 'unknown' : this.#rangeAt(head, place, idAt + idSize, encoding), next }
  }

  #rangeAt(head: Fields, place: number, at: number, encoding: number): Range | undefined | Unknown {
    const size = sizeOf(encoding, this.#header)
    if (size === undefined || (encoding & 0xf0 & ~PCREL) !== 0) return 'unknown'
    const base = (encoding & PCREL) === 0 ? 0n : this.#address + BigInt(place + at)
    const first = numberAt(head, at, size, (encoding & 8) !== 0)
    const length = numberAt(head, at + size, size, false)
    const start = BigInt.asUintN(this.#header.class, base + first)
    return length === 0n ? undefined : { start, end: start + length }
  }

  /** 'unknown' where its augmentation is one that is not known. */
  #encodingOf(place: number): number | Unknown {
    const known = this.#encodings.get(place)
    if (known !== undefined) return known
    const encoding = place < 0 ? 'unknown' : this.#isEhFrame ? encodingIn(this.#read(place), this.#header) : 0
    this.#encodings.set(place, encoding)
    return encoding
  }

  #read(place: number): Fields {
    return new Fields(this.#source.read(this.#start + place, MAX_HEAD), this.#header)
  }
}

/** What a CIE of `.eh_frame` says behind `R`. */
function encodingIn(cie: Fields, header: ElfHeader): number | Unknown {
  const versionAt = cie.u32(0) === EXTENDED_LENGTH ? 16 : 8
  const version = cie.u8(versionAt)
  const augmentation = cie.string(versionAt + 1, 16)
  if (augmentation === undefined) return 'unknown'
  if (augmentation === '') return 0
  if (!augmentation.startsWith('z')) return 'unknown'
  let at = versionAt + 2 + augmentation.length + (version >= 4 ? 2 : 0)
  const skipLeb = () => {
    while ((cie.u8(at++) & 0x80) !== 0);
  }
  skipLeb()
  skipLeb()
  if (version === 1) at++
  else skipLeb()
  skipLeb()
  for (const letter of augmentation.slice(1)) {
    if (letter === 'R') return cie.u8(at)
    if (letter === 'L') at++
    else if (letter === 'P') {
      const size = sizeOf(cie.u8(at), header)
      if (size === undefined) return 'unknown'
      at += 1 + size
    } else if (!'SBG'.includes(letter)) return 'unknown'
  }
  return 0
}

/** Bytes of an address; undefined where it has no fixed size. */
function sizeOf(encoding: number, header: ElfHeader): 2 | 4 | 8 | undefined {
  switch (encoding & 7) {
    case 0:
      return wordSize(header)
    case 2:
      return 2
    case 3:
      return 4
    case 4:
      return 8
  }
  return undefined
}

function numberAt(fields: Fields, at: number, size: 2 | 4 | 8, isSigned: boolean): bigint {
  const value = size === 8 ? fields.u64(at) : BigInt(size === 4 ? fields.u32(at) : fields.u16(at))
  return isSigned ? BigInt.asIntN(size * 8, value) : value
}
