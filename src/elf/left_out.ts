/**
 * The note of a slim core (owner RETRACE) that says what its maker left out of what the kernel had dumped, and who made
 * it. Like NT_FILE: a count, a word of zero, count times (start, end, flags of the mapping), then the maker's name and
 * version, NUL-terminated. Pure. Counts that the descriptor cannot hold are refused.
 */
import { type Encoding, Fields, wordSize } from './fields.ts'

/** Memory that the crashed process had, and the core does not hold because its sender kept it back. */
export interface LeftOutRange {
  readonly start: bigint
  readonly end: bigint
  /** PF_X 1, PF_W 2, PF_R 4 of the mapping. */
  readonly flags: number
}

export interface LeftOutNote {
  /** Who made the core slim: `abrt-retrace 0.2.0`. */
  readonly maker: string
  readonly ranges: readonly LeftOutRange[]
}

export const RETRACE_OWNER = 'RETRACE'
/**
 * 'RTRC'. No number that a debugger knows: BFD reads notes of owners that it does not know by their type alone, and 1 would
 * be a thread.
 */
export const NT_RETRACE_LEFT_OUT = 0x52545243
/** 'RTKB', of the same shape: memory of which all values were zeroed, and nothing but addresses of modules and stacks is left. */
export const NT_RETRACE_KEPT_BACK = 0x52544b42

const MAX_MAKER = 200

/** The descriptor of the note, in the class and byte order of its core. */
export function leftOutDescriptor({ maker, ranges }: LeftOutNote, encoding: Encoding): Uint8Array {
  const word = wordSize(encoding)
  const name = new TextEncoder().encode(maker.slice(0, MAX_MAKER))
  const bytes = new Uint8Array((2 + 3 * ranges.length) * word + name.length + 1)
  const view = new DataView(bytes.buffer)
  const put = (index: number, value: bigint) =>
    word === 8
      ? view.setBigUint64(index * 8, value, encoding.littleEndian)
      : view.setUint32(index * 4, Number(value), encoding.littleEndian)
  put(0, BigInt(ranges.length))
  ranges.forEach(({ start, end, flags }, index) => {
    put(2 + index * 3, start)
    put(3 + index * 3, end)
    put(4 + index * 3, BigInt(flags))
  })
  bytes.set(name, (2 + 3 * ranges.length) * word)
  return bytes
}

/** Ranges that make no sense are left out; undefined for a descriptor that cannot be what it says. */
export function parseLeftOut(note: Fields): LeftOutNote | undefined {
  const word = wordSize(note.encoding)
  if (note.length < 2 * word) return undefined
  const claimed = note.word(0)
  if (claimed > BigInt(Math.floor((note.length - 2 * word) / (3 * word)))) return undefined
  const count = Number(claimed)
  const ranges: LeftOutRange[] = []
  for (let index = 0; index < count; index++) {
    const at = (2 + index * 3) * word
    const [start, end] = [note.word(at), note.word(at + word)]
    if (start < end) ranges.push({ start, end, flags: Number(note.word(at + 2 * word) & 7n) })
  }
  return { maker: note.string((2 + 3 * count) * word, MAX_MAKER + 1) ?? '', ranges }
}
