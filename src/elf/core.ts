/**
 * Cores: what the kernel (or gdb's generate-core-file) wrote about a crashed process. This file is the table of
 * contents; a file beside this one per part. It reads headers, notes and single pages only, so the cost of a core of 4
 * GB depends on its number of mappings. File reads are synchronous: the server's event loop never comes here, workers
 * do.
 */
import { type Architecture, architectureOf } from './architecture.ts'
import { ElfError } from './error.ts'
import { Fields } from './fields.ts'
import { type ElfHeader, ET_CORE, parseHeader, type ProgramHeader, PT_NOTE, readProgramHeaders } from './header.ts'
import { type LeftOutNote, NT_RETRACE_KEPT_BACK, NT_RETRACE_LEFT_OUT, parseLeftOut, RETRACE_OWNER } from './left_out.ts'
import { auxvBytes, type MappedFile, parseAuxv, parseMappedFiles } from './mapping.ts'
import { coreMemory } from './memory.ts'
import { type CoreModule, modulesOf } from './module.ts'
import { readNotes } from './note.ts'
import { type OtherKind, otherKind, otherNote, otherSystem } from './other_kind.ts'
import { type Segment, segmentsOf, type Truncation, truncationOf, withLeftOut } from './segment.ts'
import type { ByteSource } from './bytes_source.ts'
import { parseProcess, parseSignalInfo, parseThread, type Process, type SignalInfo, type Thread } from './thread.ts'

export { type CoreModule, moduleAt } from './module.ts'

export interface Core {
  readonly ident: { readonly class: 32 | 64; readonly littleEndian: boolean; readonly machine: number }
  /** Debian's name; undefined for a machine that no row of the table has: then `threads` is empty. */
  readonly architecture: Architecture | undefined
  /** In the order of the notes; the first is the one that crashed. */
  readonly threads: readonly Thread[]
  readonly process: Process | undefined
  /** Of the thread that crashed. */
  readonly siginfo: SignalInfo | undefined
  /** AT_* -> value. */
  readonly auxv: ReadonlyMap<number, bigint>
  /** NT_FILE, by address; empty when the core has none. */
  readonly files: readonly MappedFile[]
  /** By address. */
  readonly segments: readonly Segment[]
  /** What the file lacks of what its program headers promise; undefined when it is whole. */
  readonly truncated: Truncation | undefined
  /** What the sender of a slim core kept back; undefined when the core says nothing of it. */
  readonly leftOut?: LeftOutNote | undefined
  /** Its sender zeroed all values, in these ranges of memory and in registers; undefined: it says nothing of that. */
  readonly keptBack?: LeftOutNote | undefined
  /** The executable first, the rest by address. */
  readonly modules: readonly CoreModule[]
}

const NT_PRSTATUS = 1
const NT_PRPSINFO = 3
const NT_AUXV = 6
const NT_SIGINFO = 0x53494749
const NT_FILE = 0x46494c45

/** As much as tells what a file is. */
const HEAD = 512
const EI_OSABI = 7
const MAX_NOTES = 1 << 20
const MAX_SMALL_NOTE = 4096
/** The kernel's own limit is 4 MB by default, 16 MB at most (core_file_note_size_limit). */
const MAX_FILE_NOTE = 32 * 1024 * 1024
const EM_X86_64 = 62

/**
 * Reads a core: gABI, chapters 4 and 5, and the kernel's notes. Throws ElfError `not-elf`, `packed`, `foreign` (what
 * other_kind.ts knows), `not-core`, `unsupported`
 * (x32, over 1,048,576 mappings), `malformed`, `truncated` (within the headers); what is missing further on is said by
 * the result: `truncated`, `Segment.dumped`, undefined members.
 */
export function readCore(source: ByteSource): Core {
  if (source.size === 0) throw new ElfError('not-elf', 'The file is empty; send the core as the kernel wrote it')
  const head = source.read(0, HEAD)
  refuseOtherKind(otherKind(head))
  const header = parseHeader(head.subarray(0, 64))
  refuseOtherFiles(header)
  refuseOtherKind(otherSystem(head[EI_OSABI]))
  const programs = readProgramHeaders(source, header)
  if (programs.length === 0) throw new ElfError('malformed', 'The core has no program headers, so it holds nothing')
  const architecture = architectureOf(header.class, header.littleEndian, header.machine)
  const notes = collectNotes(source, header, programs, architecture)
  const segments = withLeftOut(segmentsOf(programs, source.size), notes.leftOut?.ranges ?? [])
  const memory = coreMemory(source, segments, header)
  return {
    ident: { class: header.class, littleEndian: header.littleEndian, machine: header.machine },
    architecture,
    ...notes,
    segments,
    truncated: truncationOf(programs, source.size),
    modules: modulesOf({ memory, machine: header.machine, segments, files: notes.files, auxv: notes.auxv }),
  }
}

function refuseOtherKind(kind: OtherKind | undefined): void {
  if (kind !== undefined) throw new ElfError(kind.code, `it is ${kind.what}; ${kind.advice}`)
}

function refuseOtherFiles(header: ElfHeader): void {
  if (header.type !== ET_CORE) {
    throw new ElfError('not-core', `The file is ELF of type ${header.type}, not a core (type 4); send the core file`)
  }
  if (header.machine === EM_X86_64 && header.class === 32) {
    throw new ElfError('unsupported', 'The core is of an x32 process, which is not supported; use amd64 or i386')
  }
}

function collectNotes(
  source: ByteSource,
  header: ElfHeader,
  programs: readonly ProgramHeader[],
  architecture: Architecture | undefined,
): Pick<Core, 'threads' | 'process' | 'siginfo' | 'auxv' | 'files' | 'leftOut' | 'keptBack'> {
  const threads: Thread[] = []
  let process: Process | undefined
  let siginfo: SignalInfo | undefined
  let auxv: Map<number, bigint> | undefined
  let files: MappedFile[] | undefined
  let leftOut: LeftOutNote | undefined
  let keptBack: LeftOutNote | undefined
  let left = MAX_NOTES
  for (const program of programs) {
    if (program.type !== PT_NOTE || program.offset >= BigInt(source.size)) continue
    const offset = Number(program.offset)
    const rest = source.size - offset
    const length = program.fileSize < BigInt(rest) ? Number(program.fileSize) : rest
    for (const note of readNotes(source, header, { offset, length, align: 4, limit: left })) {
      left--
      const descriptor = (limit: number) => new Fields(source.read(note.offset, Math.min(note.length, limit)), header)
      if (note.owner === RETRACE_OWNER && note.type === NT_RETRACE_LEFT_OUT) {
        leftOut ??= parseLeftOut(descriptor(MAX_FILE_NOTE))
        continue
      }
      if (note.owner === RETRACE_OWNER && note.type === NT_RETRACE_KEPT_BACK) {
        // One that cannot be read says as much: that values are zeros.
        keptBack ??= parseLeftOut(descriptor(MAX_FILE_NOTE)) ?? { maker: '', ranges: [] }
        continue
      }
      refuseOtherKind(otherNote(note))
      if (note.owner !== 'CORE') continue
      if (note.type === NT_PRSTATUS && architecture !== undefined) {
        const thread = parseThread(descriptor(MAX_SMALL_NOTE), architecture)
        if (thread !== undefined) threads.push(thread)
      } else if (note.type === NT_PRPSINFO) process ??= parseProcess(descriptor(MAX_SMALL_NOTE))
      else if (note.type === NT_SIGINFO) siginfo ??= parseSignalInfo(descriptor(MAX_SMALL_NOTE))
      else if (note.type === NT_AUXV) auxv ??= parseAuxv(descriptor(auxvBytes(header)))
      else if (note.type === NT_FILE) files ??= parseMappedFiles(descriptor(MAX_FILE_NOTE))
    }
  }
  files?.sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0))
  return { threads, process, siginfo, auxv: auxv ?? new Map(), files: files ?? [], leftOut, keptBack }
}
