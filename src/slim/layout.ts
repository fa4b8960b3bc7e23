/** The bytes of a slim core: header, program headers, notes, then the kept runs. Pure. */
import { type Encoding } from '../elf/fields.ts'
import { type ElfHeader, headerSizes, PT_LOAD, PT_NOTE } from '../elf/header.ts'
import type { Run } from './runs.ts'

/** Memory that was mapped and never dumped: a program header without bytes. */
export interface Undumped {
  readonly start: bigint
  readonly size: bigint
  readonly flags: number
}

export interface Layout {
  /** Header, program headers and notes. */
  readonly head: Uint8Array
  /** Kept runs with their offsets in the new file, in its order. */
  readonly places: readonly { readonly run: Run; readonly offset: number }[]
  readonly size: number
}

/** Of a run in the file. */
const ALIGN = 16

interface Entry {
  type: number
  flags: number
  offset: number
  address: bigint
  fileSize: number
  memorySize: bigint
}

/** `original`: the core's own ELF header, whose identity stays. */
export function layout(
  original: Uint8Array,
  header: ElfHeader,
  { runs, undumped, notes }: { runs: readonly Run[]; undumped: readonly Undumped[]; notes: Uint8Array },
): Layout {
  const sizes = headerSizes(header)
  const count = 1 + runs.length + undumped.length
  const notesAt = sizes.header + count * sizes.program
  let end = notesAt + notes.length
  const places = runs.map((run) => {
    const offset = Math.ceil(end / ALIGN) * ALIGN
    end = offset + run.end - run.start
    return { run, offset }
  })
  const entries: Entry[] = places.map(({ run, offset }) => ({
    type: PT_LOAD,
    flags: run.flags,
    offset,
    address: BigInt(run.start),
    fileSize: run.end - run.start,
    memorySize: BigInt(run.end - run.start),
  }))
  // Never at the beginning of the file, where a debugger would read the headers again for each (docs/facts.md, 'gdb, driven').
  for (const { start, size, flags } of undumped) {
    entries.push({ type: PT_LOAD, flags, offset: end, address: start, fileSize: 0, memorySize: size })
  }
  entries.sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0))
  entries.unshift({ type: PT_NOTE, flags: 0, offset: notesAt, address: 0n, fileSize: notes.length, memorySize: 0n })
  const head = new Uint8Array(notesAt + notes.length)
  head.set(original.subarray(0, sizes.header))
  writeHeader(new DataView(head.buffer), header, count)
  entries.forEach((entry, index) => {
    writeEntry(new DataView(head.buffer, sizes.header + index * sizes.program), header, entry)
  })
  head.set(notes, notesAt)
  return { head, places, size: end }
}

function writeHeader(view: DataView, encoding: Encoding, count: number): void {
  const sizes = headerSizes(encoding)
  const little = encoding.littleEndian
  if (encoding.class === 64) {
    view.setBigUint64(32, BigInt(sizes.header), little)
    view.setBigUint64(40, 0n, little)
  } else {
    view.setUint32(28, sizes.header, little)
    view.setUint32(32, 0, little)
  }
  const counts = encoding.class === 64 ? 54 : 42
  for (const [index, value] of [sizes.program, count, 0, 0, 0].entries()) {
    view.setUint16(counts + index * 2, value, little)
  }
}

function writeEntry(view: DataView, { class: elfClass, littleEndian }: Encoding, entry: Entry): void {
  const align = entry.type === PT_LOAD ? 1 : 4
  view.setUint32(0, entry.type, littleEndian)
  if (elfClass === 64) {
    view.setUint32(4, entry.flags, littleEndian)
    view.setBigUint64(8, BigInt(entry.offset), littleEndian)
    view.setBigUint64(16, entry.address, littleEndian)
    view.setBigUint64(32, BigInt(entry.fileSize), littleEndian)
    view.setBigUint64(40, entry.memorySize, littleEndian)
    view.setBigUint64(48, BigInt(align), littleEndian)
  } else {
    const words = [entry.offset, Number(entry.address), 0, entry.fileSize, Number(entry.memorySize), entry.flags, align]
    for (const [index, value] of words.entries()) view.setUint32(4 + index * 4, value, littleEndian)
  }
}
