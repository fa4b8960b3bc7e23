/**
 * The ELF header and the program headers (gABI, chapters 4 and 5). Both classes and byte orders, and the escape for
 * more than 65,534 program headers. A table that does not lie within the file is refused.
 */
import { ElfError } from './error.ts'
import { type Encoding, Fields, fileNumber } from './fields.ts'
import type { ByteSource } from './bytes_source.ts'
import { count } from '../text/count.ts'

/** e_type: gABI, 'ELF Header'. */
export const ET_EXEC = 2
export const ET_DYN = 3
export const ET_CORE = 4

/** p_type and p_flags: gABI, 'Program Header'. */
export const PT_LOAD = 1
export const PT_DYNAMIC = 2
export const PT_INTERP = 3
export const PT_NOTE = 4
export const PT_PHDR = 6
export const PF_X = 1
export const PF_W = 2

const PN_XNUM = 0xffff
const MAX_PROGRAM_HEADERS = 1 << 20
const HEADERS_AT_ONCE = 4096

export interface ElfHeader extends Encoding {
  readonly type: number
  readonly machine: number
  readonly programOffset: bigint
  readonly programCount: number
  readonly sectionOffset: bigint
  readonly sectionEntrySize: number
  readonly sectionCount: number
  readonly sectionNames: number
}

export interface ProgramHeader {
  readonly type: number
  readonly flags: number
  readonly offset: bigint
  readonly address: bigint
  readonly fileSize: bigint
  readonly memorySize: bigint
  readonly align: bigint
}

/** Bytes of the ELF header, of a program header and of a section header. */
export function headerSizes(encoding: Encoding): { header: number; program: number; section: number } {
  return encoding.class === 64 ? { header: 64, program: 56, section: 64 } : { header: 52, program: 32, section: 40 }
}

/** The header in the first 64 bytes of a file or mapping. Throws ElfError `not-elf`, `malformed`, `truncated`. */
export function parseHeader(bytes: Uint8Array): ElfHeader {
  if (bytes.length < 4 || bytes[0] !== 0x7f || bytes[1] !== 0x45 || bytes[2] !== 0x4c || bytes[3] !== 0x46) {
    throw new ElfError('not-elf', 'The file does not begin with an ELF header; send the core as the kernel wrote it')
  }
  if (bytes.length < 20) {
    throw new ElfError('truncated', `The file ends within its ELF header, after ${count(bytes.length, 'byte')}`)
  }
  const [elfClass, data] = [bytes[4], bytes[5]]
  if ((elfClass !== 1 && elfClass !== 2) || (data !== 1 && data !== 2)) {
    throw new ElfError('malformed', `The ELF header has the unknown class ${elfClass} or byte order ${data}`)
  }
  const encoding: Encoding = { class: elfClass === 2 ? 64 : 32, littleEndian: data === 1 }
  const sizes = headerSizes(encoding)
  if (bytes.length < sizes.header) {
    throw new ElfError('truncated', `The file ends within its ELF header, after ${count(bytes.length, 'byte')}`)
  }
  const fields = new Fields(bytes.subarray(0, sizes.header), encoding)
  const [offsets, counts] = encoding.class === 64 ? [32, 54] : [28, 42]
  const word = encoding.class / 8
  const programCount = fields.u16(counts + 2)
  if (programCount > 0 && fields.u16(counts) !== sizes.program) {
    throw new ElfError(
      'malformed',
      `The ELF header says that a program header has ${
        count(fields.u16(counts), 'byte')
      }; its class has ${sizes.program}`,
    )
  }
  return {
    ...encoding,
    type: fields.u16(16),
    machine: fields.u16(18),
    programOffset: fields.word(offsets),
    programCount,
    sectionOffset: fields.word(offsets + word),
    sectionEntrySize: fields.u16(counts + 4),
    sectionCount: fields.u16(counts + 6),
    sectionNames: fields.u16(counts + 8),
  }
}

/** Program headers out of a table; whole entries only. */
export function parseProgramHeaders(bytes: Uint8Array, encoding: Encoding): ProgramHeader[] {
  const size = headerSizes(encoding).program
  const fields = new Fields(bytes, encoding)
  const headers: ProgramHeader[] = []
  for (let at = 0; at + size <= bytes.length; at += size) {
    headers.push(
      encoding.class === 64
        ? {
          type: fields.u32(at),
          flags: fields.u32(at + 4),
          offset: fields.u64(at + 8),
          address: fields.u64(at + 16),
          fileSize: fields.u64(at + 32),
          memorySize: fields.u64(at + 40),
          align: fields.u64(at + 48),
        }
        : {
          type: fields.u32(at),
          flags: fields.u32(at + 24),
          offset: fields.word(at + 4),
          address: fields.word(at + 8),
          fileSize: fields.word(at + 16),
          memorySize: fields.word(at + 20),
          align: fields.word(at + 28),
        },
    )
  }
  return headers
}

/**
 * All program headers of a file. Throws ElfError `truncated` where the table goes beyond the end of the file,
 * `unsupported` above 1,048,576 of them.
 */
export function readProgramHeaders(source: ByteSource, header: ElfHeader): ProgramHeader[] {
  const count = header.programCount === PN_XNUM ? extendedCount(source, header) : header.programCount
  if (count > MAX_PROGRAM_HEADERS) {
    throw new ElfError('unsupported', `The file has ${count} program headers; at most ${MAX_PROGRAM_HEADERS} are read`)
  }
  const size = headerSizes(header).program
  const start = fileNumber(header.programOffset)
  if (start === undefined || start + count * size > source.size) {
    throw new ElfError(
      'truncated',
      `The file ends before its ${count} program headers do: they need ${
        header.programOffset + BigInt(count * size)
      } ` +
        `bytes, and it has ${source.size}; send the whole core`,
    )
  }
  const headers: ProgramHeader[] = []
  for (let done = 0; done < count; done += HEADERS_AT_ONCE) {
    const some = Math.min(HEADERS_AT_ONCE, count - done)
    for (const each of parseProgramHeaders(source.read(start + done * size, some * size), header)) headers.push(each)
  }
  return headers
}

/**
 * PN_XNUM: the number stands in sh_info of section header 0, which the kernel writes at the very end of a core. Where
 * that is cut off, the first segment tells: the kernel puts the notes right behind the program headers.
 */
function extendedCount(source: ByteSource, header: ElfHeader): number {
  const sizes = headerSizes(header)
  const sectionStart = fileNumber(header.sectionOffset)
  if (sectionStart !== undefined && sectionStart > 0) {
    const section = source.read(sectionStart, sizes.section)
    if (section.length === sizes.section) {
      const count = new Fields(section, header).u32(header.class === 64 ? 44 : 28)
      if (count > 0) return count
    }
  }
  const start = fileNumber(header.programOffset)
  const [first] = start === undefined ? [] : parseProgramHeaders(source.read(start, sizes.program), header)
  const between = first?.type === PT_NOTE ? first.offset - header.programOffset : 0n
  if (between > 0n && between % BigInt(sizes.program) === 0n) return Number(between / BigInt(sizes.program))
  throw new ElfError(
    'truncated',
    'The file has 65,535 program headers or more, and the section header that holds their number is missing; ' +
      'send the whole core',
  )
}
