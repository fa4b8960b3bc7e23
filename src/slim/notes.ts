/**
 * The notes of a slim core: all of the core's, byte for byte, but for the mapped files, which lack what was left out (a
 * debugger would show what the file holds in its place), the arguments where they are kept back, and our own note. Pure.
 */
import { ElfError } from '../elf/error.ts'
import { type Encoding, Fields, wordSize } from '../elf/fields.ts'
import {
  leftOutDescriptor,
  type LeftOutNote,
  NT_RETRACE_KEPT_BACK,
  NT_RETRACE_LEFT_OUT,
  RETRACE_OWNER,
} from '../elf/left_out.ts'
import type { Note } from '../elf/note.ts'
import type { ByteSource } from '../elf/bytes_source.ts'
import { MIB } from '../units/bytes.ts'
import type { Mask } from './mask.ts'
import { without } from './spans.ts'

const NT_PRPSINFO = 3
const NT_FILE = 0x46494c45
/** Of a 100,000 threads' registers. */
const MAX_NOTES_BYTES = 256 * MIB
/** What pr_psargs has, at the end of the structure. */
const ARGUMENTS = 80

/** Numbers of NT_FILE's entries as they stand there. */
export function notesOf(
  source: ByteSource,
  encoding: Encoding,
  { notes, leftOut, keptBack, mask, keepsArguments }: {
    notes: readonly Note[]
    leftOut: LeftOutNote
    /** Where values were zeroed; undefined: nowhere. */
    keptBack?: LeftOutNote | undefined
    mask?: Mask | undefined
    keepsArguments: boolean
  },
): Uint8Array {
  const parts: Uint8Array[] = []
  let total = 0
  for (const note of notes) {
    if (note.owner === RETRACE_OWNER) continue
    total += note.length
    if (total > MAX_NOTES_BYTES) throw new ElfError('malformed', 'The notes of the core have over 256 MB')
    let descriptor = source.read(note.offset, note.length)
    if (note.owner === 'CORE' && note.type === NT_FILE) descriptor = filesWithout(descriptor, encoding, leftOut)
    if (note.owner === 'CORE' && note.type === NT_PRPSINFO && !keepsArguments) descriptor = withoutArguments(descriptor)
    parts.push(noteBytes(note.owner, note.type, mask?.note(note.owner, note.type, descriptor) ?? descriptor, encoding))
  }
  if (keptBack !== undefined) {
    const descriptor = leftOutDescriptor(keptBack, encoding)
    parts.push(noteBytes(RETRACE_OWNER, NT_RETRACE_KEPT_BACK, descriptor, encoding))
  }
  parts.push(noteBytes(RETRACE_OWNER, NT_RETRACE_LEFT_OUT, leftOutDescriptor(leftOut, encoding), encoding))
  return concat(parts)
}

function noteBytes(owner: string, type: number, descriptor: Uint8Array, encoding: Encoding): Uint8Array {
  const name = new TextEncoder().encode(`${owner}\0`)
  const bytes = new Uint8Array(12 + roundUp(name.length) + roundUp(descriptor.length))
  const view = new DataView(bytes.buffer)
  view.setUint32(0, name.length, encoding.littleEndian)
  view.setUint32(4, descriptor.length, encoding.littleEndian)
  view.setUint32(8, type, encoding.littleEndian)
  bytes.set(name, 12)
  bytes.set(descriptor, 12 + roundUp(name.length))
  return bytes
}

function withoutArguments(descriptor: Uint8Array): Uint8Array {
  const bytes = descriptor.slice()
  bytes.fill(0, Math.max(0, bytes.length - ARGUMENTS))
  return bytes
}

/** NT_FILE without the parts of mappings that were left out; what cannot be read stays as it is. */
function filesWithout(descriptor: Uint8Array, encoding: Encoding, { ranges }: LeftOutNote): Uint8Array {
  const word = wordSize(encoding)
  const note = new Fields(descriptor, encoding)
  if (note.length < 2 * word) return descriptor
  const [count, pageSize] = [Number(note.word(0)), note.word(word)]
  if (!(count <= (note.length - 2 * word) / (3 * word)) || pageSize === 0n) return descriptor
  // Mappings that lie apart are cut into as many pieces as there are cuts, at most.
  const most = count + 2 * ranges.length + 1
  const left = ranges.map(({ start, end }) => ({ start: down(start, pageSize), end: up(end, pageSize) }))
  const entries: { words: [bigint, bigint, bigint]; name: Uint8Array }[] = []
  let nameAt = (2 + 3 * count) * word
  for (let index = 0; index < count; index++) {
    const end = descriptor.indexOf(0, nameAt)
    if (end === -1) return descriptor
    const name = descriptor.subarray(nameAt, end + 1)
    nameAt = end + 1
    const at = (2 + 3 * index) * word
    const [start, stop, offset] = [note.word(at), note.word(at + word), note.word(at + 2 * word)]
    for (const piece of without({ start, end: stop }, left)) {
      if (entries.length >= most) throw new ElfError('malformed', 'The files that the core lists lie in one another')
      entries.push({ words: [piece.start, piece.end, offset + (piece.start - start) / pageSize], name })
    }
  }
  const numbers = new Uint8Array((2 + 3 * entries.length) * word)
  const view = new DataView(numbers.buffer)
  const put = (index: number, value: bigint) =>
    word === 8
      ? view.setBigUint64(index * 8, value, encoding.littleEndian)
      : view.setUint32(index * 4, Number(BigInt.asUintN(32, value)), encoding.littleEndian)
  put(0, BigInt(entries.length))
  put(1, pageSize)
  entries.forEach(({ words }, index) => words.forEach((each, place) => put(2 + index * 3 + place, each)))
  return concat([numbers, ...entries.map(({ name }) => name)])
}

function down(address: bigint, pageSize: bigint): bigint {
  return address - address % pageSize
}

function up(address: bigint, pageSize: bigint): bigint {
  return down(address + pageSize - 1n, pageSize)
}

function roundUp(value: number): number {
  return Math.ceil(value / 4) * 4
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
