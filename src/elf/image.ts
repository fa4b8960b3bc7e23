/**
 * An ELF file as it was mapped into the crashed process: the kernel dumps the first page of each, which holds its
 * header, program headers and notes. From there this file finds build-id, extent and names. Images of another class,
 * byte order or machine do not count, and a bounded part of each is read.
 */
import { ElfError } from './error.ts'
import { wordSize } from './fields.ts'
import {
  type ElfHeader,
  ET_DYN,
  ET_EXEC,
  headerSizes,
  parseHeader,
  parseProgramHeaders,
  PF_X,
  type ProgramHeader,
  PT_DYNAMIC,
  PT_LOAD,
  PT_NOTE,
} from './header.ts'
import type { MappedFile } from './mapping.ts'
import type { Memory } from './memory.ts'
import { type Identity, readIdentity } from './note.ts'
import { bytesSource } from './bytes_source.ts'

export interface Image extends Identity {
  /** What was added to the addresses of the file: 0 for a program that is not position-independent. */
  readonly bias: bigint
  /** Extent by the program headers, bss included; undefined when these are not in the core. */
  readonly extent: { readonly start: bigint; readonly end: bigint } | undefined
  /** Where its code has to be. */
  readonly code: readonly bigint[]
  /** Where its dynamic section is. */
  readonly dynamic: { readonly address: bigint; readonly size: number } | undefined
}

/** What the core holds at the place of an ELF header: nothing, something else, or an image. */
export type Found = 'absent' | 'other' | Image

const MAX_PROGRAM_HEADERS = 256
const MAX_NOTE_AREAS = 8
const MAX_NOTE_BYTES = 32_768
const MAX_NOTES = 64
const MAX_EXTENT = 1n << 47n
const MAX_DYNAMIC = 4096
const DT_STRTAB = 5n
const DT_SONAME = 14n

/** The image whose header is at `base`; `ranges` are the mappings of its file, if they are known. */
export function readImage(memory: Memory, machine: number, base: bigint, ranges: readonly MappedFile[] = []): Found {
  const header = imageHeader(memory, machine, base)
  if (header === 'absent' || header === 'other') return header
  const table = readFilePart(memory, base, ranges, header.programOffset, programBytes(header))
  const programs = parseProgramHeaders(table, header)
  const loads = programs.filter((each) => each.type === PT_LOAD)
  const lowest = loads.reduce<ProgramHeader | undefined>(
    (a, b) => (a === undefined || b.offset < a.offset ? b : a),
    undefined,
  )
  const place = (address: bigint) => BigInt.asUintN(header.class, address)
  const bias = lowest === undefined ? base : place(base - (lowest.address - lowest.offset))
  const identity: Identity = { buildId: undefined, packageNote: undefined }
  for (const note of programs.filter((each) => each.type === PT_NOTE).slice(0, MAX_NOTE_AREAS)) {
    const length = note.fileSize < BigInt(MAX_NOTE_BYTES) ? Number(note.fileSize) : MAX_NOTE_BYTES
    let bytes = memory.read(place(bias + note.address), length)
    if (bytes.length === 0) bytes = readFilePart(memory, base, ranges, note.offset, length)
    const area = { offset: 0, length: bytes.length, align: note.align === 8n ? 8 : 4, limit: MAX_NOTES }
    readIdentity(bytesSource(bytes), header, area, identity)
  }
  const dynamic = programs.find((each) => each.type === PT_DYNAMIC)
  return {
    ...identity,
    bias,
    extent: extentOf(loads, bias, place),
    code: loads.filter((each) => (each.flags & PF_X) !== 0).map((each) => place(bias + each.address)),
    dynamic: dynamic && { address: place(bias + dynamic.address), size: dynamicBytes(dynamic, header) },
  }
}

/** Key and value of a dynamic section in memory, to DT_NULL, as far as the core holds it. */
export function* readDynamic(memory: Memory, section: { address: bigint; size: number }): Generator<[bigint, bigint]> {
  const word = wordSize(memory.encoding)
  for (let at = 0; at + 2 * word <= section.size; at += 2 * word) {
    const entry = memory.fields(section.address + BigInt(at), 2 * word)
    if (entry === undefined || entry.word(0) === 0n) return
    yield [entry.word(0), entry.word(word)]
  }
}

/** Bytes of a dynamic section that are worth reading. */
export function dynamicBytes(program: ProgramHeader, encoding: { readonly class: 32 | 64 }): number {
  const limit = MAX_DYNAMIC * (encoding.class / 4)
  return program.memorySize < BigInt(limit) ? Number(program.memorySize) : limit
}

/** DT_SONAME, where the core holds dynamic section and string table (a vdso: always). */
export function readSoname(memory: Memory, image: Image): string | undefined {
  if (image.dynamic === undefined) return undefined
  let [strings, name]: (bigint | undefined)[] = []
  for (const [tag, value] of readDynamic(memory, image.dynamic)) {
    if (tag === DT_STRTAB) strings = value
    if (tag === DT_SONAME) name = value
  }
  if (strings === undefined || name === undefined) return undefined
  const relocated = image.extent !== undefined && strings >= image.extent.start && strings < image.extent.end
  const table = relocated ? strings : image.bias + strings
  return memory.text(BigInt.asUintN(memory.encoding.class, table + name)) || undefined
}

function imageHeader(memory: Memory, machine: number, base: bigint): ElfHeader | 'absent' | 'other' {
  const size = headerSizes(memory.encoding).header
  const bytes = memory.read(base, size)
  if (bytes.length < size) return 'absent'
  try {
    const header = parseHeader(bytes)
    const { class: elfClass, littleEndian } = memory.encoding
    const fits = header.class === elfClass && header.littleEndian === littleEndian && header.machine === machine
    return fits && (header.type === ET_EXEC || header.type === ET_DYN) ? header : 'other'
  } catch (error) {
    if (error instanceof ElfError) return 'other'
    throw error
  }
}

function programBytes(header: ElfHeader): number {
  return Math.min(header.programCount, MAX_PROGRAM_HEADERS) * headerSizes(header).program
}

/** Bytes by file offset: program headers may be far from the header (patchelf moves them to the end of the file). */
function readFilePart(
  memory: Memory,
  base: bigint,
  ranges: readonly MappedFile[],
  offset: bigint,
  length: number,
): Uint8Array {
  const range = ranges.find((each) => each.fileOffset <= offset && offset - each.fileOffset < each.end - each.start)
  const address = range === undefined ? base + offset : range.start + offset - range.fileOffset
  return memory.read(BigInt.asUintN(memory.encoding.class, address), length)
}

function extentOf(loads: readonly ProgramHeader[], bias: bigint, place: (address: bigint) => bigint): Image['extent'] {
  const [first] = loads
  if (first === undefined) return undefined
  let [low, high] = [first.address, first.address]
  for (const load of loads) {
    if (load.address < low) low = load.address
    if (load.address + load.memorySize > high) high = load.address + load.memorySize
  }
  if (high === low || high - low > MAX_EXTENT) return undefined
  const start = place(bias + low) & ~0xfffn
  return { start, end: start + (high - (low & ~0xfffn)) }
}
