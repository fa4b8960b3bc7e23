/**
 * ELF files on disk: programs, libraries, debug files, dwz files. It reads what the index and the sandbox need to know,
 * and no debuginfo. A header is not believed about bytes that the file does not have.
 */
import { Fields, fileNumber, fixedText, wordSize } from './fields.ts'
import {
  type ElfHeader,
  ET_CORE,
  ET_DYN,
  ET_EXEC,
  parseHeader,
  type ProgramHeader,
  PT_DYNAMIC,
  PT_INTERP,
  PT_LOAD,
  PT_NOTE,
  readProgramHeaders,
} from './header.ts'
import { type Identity, readIdentity } from './note.ts'
import {
  readSection,
  readSections,
  type Section,
  SHF_ALLOC,
  SHT_DYNAMIC,
  SHT_NOBITS,
  SHT_NOTE,
  SHT_NULL,
} from './section.ts'
import type { ByteSource } from './bytes_source.ts'
import { hex, MIB } from '../units/bytes.ts'

export interface ElfFile {
  readonly class: 32 | 64
  readonly littleEndian: boolean
  /** e_machine. */
  readonly machine: number
  /** By e_type: a position-independent program is `shared`, and has an `interpreter`. */
  readonly type: 'executable' | 'shared' | 'relocatable' | 'core' | 'other'
  /** Lower-case hex. */
  readonly buildId: string | undefined
  readonly soname: string | undefined
  /** DT_NEEDED, in order. */
  readonly needed: readonly string[]
  /** `.gnu_debuglink`: the name of a file without folders, and the CRC-32 of its bytes (checksum.ts). */
  readonly debugLink: { readonly name: string; readonly crc: number } | undefined
  /** `.gnu_debugaltlink`: the dwz file, with its own build-id. */
  readonly debugAltLink: { readonly path: string; readonly buildId: string } | undefined
  /** There is a `.debug_info` with contents, or (a dwz file) a `.debug_str`. */
  readonly hasDebugInfo: boolean
  /** There is a `.gcc_except_table`, as whatever was compiled with exceptions has, or there are no sections to tell. */
  readonly hasExceptions: boolean
  /** A program or library that can be loaded, not a debug file whose loaded sections are NOBITS. */
  readonly hasCode: boolean
  readonly interpreter: string | undefined
  /** JSON text of `.note.package`. */
  readonly packageNote: string | undefined
}

/** What strip removes always; a dwz file can have strings alone. */
const DEBUG_SECTIONS = new Set(['.debug_info', '.zdebug_info', '.debug_str', '.zdebug_str'])
const MAX_NOTES = 1024
const MAX_NOTE_BYTES = MIB
const MAX_TEXT = 4096
const MAX_DYNAMIC_ENTRIES = 8192
const MAX_NEEDED = 4096
const DT_NEEDED = 1n
const DT_STRTAB = 5n
const DT_SONAME = 14n

/** Reads an ELF file: gABI, chapters 4 and 5. Throws ElfError `not-elf`, `malformed`, `unsupported`, `truncated`. */
export function readElfFile(source: ByteSource): ElfFile {
  const header = parseHeader(source.read(0, 64))
  const programs = readProgramHeaders(source, header)
  const sections = readSections(source, header)
  const hasCode = isLoadable(header, programs, sections)
  const dynamic = hasCode ? readDynamicSection(source, header, programs, sections) : { soname: undefined, needed: [] }
  const named = (name: string) => sections.find((section) => section.name === name)
  return {
    class: header.class,
    littleEndian: header.littleEndian,
    machine: header.machine,
    type: TYPES.get(header.type) ?? 'other',
    ...readIdentities(source, header, programs, sections),
    ...dynamic,
    ...readDebugLinks(source, header, named('.gnu_debuglink'), named('.gnu_debugaltlink')),
    hasDebugInfo: sections.some((section) =>
      DEBUG_SECTIONS.has(section.name) && section.type !== SHT_NOBITS && section.size > 0n
    ),
    hasExceptions: sections.length === 0 || named('.gcc_except_table') !== undefined,
    hasCode,
    interpreter: hasCode ? readInterpreter(source, programs) : undefined,
  }
}

const TYPES = new Map<number, ElfFile['type']>([
  [1, 'relocatable'],
  [ET_EXEC, 'executable'],
  [ET_DYN, 'shared'],
  [ET_CORE, 'core'],
])

/** `objcopy --only-keep-debug` and `eu-strip -f` make NOBITS of every loaded section but the notes. */
function isLoadable(header: ElfHeader, programs: readonly ProgramHeader[], sections: readonly Section[]): boolean {
  if (header.type !== ET_EXEC && header.type !== ET_DYN) return false
  const loads = programs.some((program) => program.type === PT_LOAD && program.fileSize > 0n)
  if (!loads || sections.length === 0) return loads
  return sections.some((section) =>
    (section.flags & SHF_ALLOC) !== 0n && section.size > 0n && section.type !== SHT_NOBITS &&
    section.type !== SHT_NOTE && section.type !== SHT_NULL
  )
}

/** Note sections first: a debug file's program headers are those of the file that it was made from. */
function readIdentities(
  source: ByteSource,
  header: ElfHeader,
  programs: readonly ProgramHeader[],
  sections: readonly Section[],
): Identity {
  const identity: Identity = { buildId: undefined, packageNote: undefined }
  const areas = [
    ...sections.filter((section) => section.type === SHT_NOTE),
    ...programs.filter((program) => program.type === PT_NOTE).map((program) => ({
      ...program,
      size: program.fileSize,
    })),
  ]
  for (const area of areas.slice(0, 64)) {
    const offset = fileNumber(area.offset)
    if (offset === undefined || (identity.buildId !== undefined && identity.packageNote !== undefined)) continue
    const length = area.size < BigInt(MAX_NOTE_BYTES) ? Number(area.size) : MAX_NOTE_BYTES
    readIdentity(source, header, { offset, length, align: area.align === 8n ? 8 : 4, limit: MAX_NOTES }, identity)
  }
  return identity
}

function readDynamicSection(
  source: ByteSource,
  header: ElfHeader,
  programs: readonly ProgramHeader[],
  sections: readonly Section[],
): { soname: string | undefined; needed: string[] } {
  const section = sections.find((each) => each.type === SHT_DYNAMIC)
  const program = programs.find((each) => each.type === PT_DYNAMIC)
  const [at, size] = section !== undefined
    ? [section.offset, section.size]
    : program !== undefined
    ? [program.offset, program.fileSize]
    : [0n, 0n]
  const word = wordSize(header)
  const limit = MAX_DYNAMIC_ENTRIES * 2 * word
  const offset = fileNumber(at)
  const bytes = offset === undefined
    ? new Uint8Array(0)
    : source.read(offset, size < BigInt(limit) ? Number(size) : limit)
  const fields = new Fields(bytes, header)
  let strings: bigint | undefined = section && sections[section.link]?.offset
  let soname: bigint | undefined
  const needed: bigint[] = []
  for (let entry = 0; entry + 2 * word <= fields.length; entry += 2 * word) {
    const [tag, value] = [fields.word(entry), fields.word(entry + word)]
    if (tag === 0n) break
    if (tag === DT_STRTAB) strings ??= fileOffsetOf(programs, value)
    if (tag === DT_SONAME) soname = value
    if (tag === DT_NEEDED && needed.length < MAX_NEEDED) needed.push(value)
  }
  const text = (value: bigint) => strings === undefined ? undefined : textAt(source, header, strings + value)
  return {
    soname: soname === undefined ? undefined : text(soname),
    needed: needed.map(text).filter((name) => name !== undefined),
  }
}

function fileOffsetOf(programs: readonly ProgramHeader[], address: bigint): bigint | undefined {
  const load = programs.find((each) =>
    each.type === PT_LOAD && address >= each.address && address - each.address < each.fileSize
  )
  return load && load.offset + address - load.address
}

function textAt(source: ByteSource, header: ElfHeader, at: bigint): string | undefined {
  const offset = fileNumber(at)
  if (offset === undefined) return undefined
  return new Fields(source.read(offset, MAX_TEXT), header).string(0, MAX_TEXT) || undefined
}

function readDebugLinks(
  source: ByteSource,
  header: ElfHeader,
  link: Section | undefined,
  altLink: Section | undefined,
): Pick<ElfFile, 'debugLink' | 'debugAltLink'> {
  const alt = altLink && readSection(source, altLink, 2 * MAX_TEXT)
  const end = alt?.indexOf(0) ?? -1
  const buildId = alt?.subarray(end + 1)
  const whole = alt !== undefined && end > 0 && buildId !== undefined && buildId.length > 0 && buildId.length <= 64
  return {
    debugLink: link && readDebugLink(new Fields(readSection(source, link, MAX_TEXT), header)),
    debugAltLink: whole ? { path: fixedText(alt), buildId: hex(buildId) } : undefined,
  }
}

/** The name, zeros up to a multiple of four bytes, the checksum (gdb, 'Debugging Information in Separate Files'). */
function readDebugLink(link: Fields): ElfFile['debugLink'] {
  const end = link.bytes.indexOf(0)
  const at = (end + 4) & ~3
  if (end <= 0 || at + 4 > link.length) return undefined
  return { name: fixedText(link.bytes), crc: link.u32(at) }
}

function readInterpreter(source: ByteSource, programs: readonly ProgramHeader[]): string | undefined {
  const program = programs.find((each) => each.type === PT_INTERP)
  const offset = program && fileNumber(program.offset)
  if (program === undefined || offset === undefined) return undefined
  return fixedText(source.read(offset, program.fileSize < BigInt(MAX_TEXT) ? Number(program.fileSize) : MAX_TEXT)) ||
    undefined
}
