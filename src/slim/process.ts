/**
 * What of a core src/elf does not need to know, and a slim core does: all registers of each thread, its stack pointer and
 * its thread pointer. Pure. Refuses architectures that no row names.
 */
import type { Architecture } from '../elf/architecture.ts'
import { Fields, wordSize } from '../elf/fields.ts'
import { type ElfHeader, type ProgramHeader, PT_NOTE } from '../elf/header.ts'
import { type Note, readNotes } from '../elf/note.ts'
import type { ByteSource } from '../elf/bytes_source.ts'
import { KIB } from '../units/bytes.ts'

export interface Registers {
  readonly lwp: number
  /** Addresses as numbers: what is 2^53 or above is no address of a user's process. */
  readonly sp: number
  /** Where the thread's control block is, undefined where the core does not say. */
  readonly threadPointer: number | undefined
  /** Every word of the registers. */
  readonly words: readonly number[]
}

/** elf_prstatus and elf_gregset_t of the kernel (linux/elfcore.h, asm/elf.h): indices of words. */
interface Layout {
  /** Byte offset of pr_reg. */
  readonly at: number
  readonly sp: number
  /** Of a register that is the thread pointer, with what is to be added to it. */
  readonly thread?: { readonly index: number; readonly plus: number }
  /** Note that has it in place of a register: its number, and the byte offset in it. */
  readonly threadNote?: { readonly type: number; readonly at: number }
}

/** Around a thread pointer: the control block lies before it or behind, as the machine has it. */
export const BEFORE_POINTER = 8 * KIB
export const BEHIND_POINTER = 4 * KIB
const NT_386_TLS = 0x200
const NT_ARM_TLS = 0x401
const NT_PRSTATUS = 1
const MAX_NOTES = 1 << 20
const MAX_STATUS = 4096

const LAYOUTS: Record<Architecture, Layout> = {
  amd64: { at: 112, sp: 19, thread: { index: 21, plus: 0 } },
  // struct user_desc: entry_number, base_addr.
  i386: { at: 72, sp: 15, threadNote: { type: NT_386_TLS, at: 4 } },
  arm64: { at: 112, sp: 31, threadNote: { type: NT_ARM_TLS, at: 0 } },
  armhf: { at: 72, sp: 13, threadNote: { type: NT_ARM_TLS, at: 0 } },
  // The ABI's thread pointer lies 0x7000 behind the control block.
  ppc64el: { at: 112, sp: 1, thread: { index: 13, plus: -0x7000 } },
  // The access registers 0 and 1, behind PSW and 16 registers.
  s390x: { at: 112, sp: 17, thread: { index: 18, plus: 0 } },
  riscv64: { at: 112, sp: 2, thread: { index: 4, plus: 0 } },
}

/** Where an architecture's registers are in NT_PRSTATUS: byte offset of pr_reg, indices of words in it. */
export function layoutOf(architecture: Architecture): Pick<Layout, 'at' | 'sp' | 'thread'> {
  return LAYOUTS[architecture]
}

/** A word that a note or memory holds, as a number; 0 for what cannot be an address. */
export function addressOf(word: bigint): number {
  return word < 2n ** 53n ? Number(word) : 0
}

/** All notes of a core with where they lie, in order. */
export function* allNotes(
  source: ByteSource,
  header: ElfHeader,
  programs: readonly ProgramHeader[],
): Generator<Note & { readonly padded: number }> {
  let left = MAX_NOTES
  for (const { type, offset, fileSize } of programs) {
    if (type !== PT_NOTE || offset >= BigInt(source.size)) continue
    const [start, rest] = [Number(offset), source.size - Number(offset)]
    const length = fileSize < BigInt(rest) ? Number(fileSize) : rest
    for (const note of readNotes(source, header, { offset: start, length, align: 4, limit: left })) {
      left--
      const end = Math.min(note.offset + note.length, start + length)
      yield { ...note, length: Math.max(0, end - note.offset), padded: note.length }
    }
  }
}

/** The registers of each thread, in the order of the notes. */
export function registersOf(
  source: ByteSource,
  encoding: ElfHeader,
  { architecture, notes }: { architecture: Architecture; notes: Iterable<Note> },
): Registers[] {
  const layout = LAYOUTS[architecture]
  const word = wordSize(encoding)
  const threads: { lwp: number; sp: number; threadPointer: number | undefined; words: number[] }[] = []
  for (const note of notes) {
    const fields = () => new Fields(source.read(note.offset, Math.min(note.length, MAX_STATUS)), encoding)
    if (note.owner === 'CORE' && note.type === NT_PRSTATUS) {
      const status = fields()
      const lwpAt = word === 8 ? 32 : 24
      if (status.length < lwpAt + 4) continue
      const words = wordsOf(status, layout.at)
      const sp = words[layout.sp]
      const thread = layout.thread && words[layout.thread.index]
      if (sp === undefined) continue
      threads.push({
        lwp: status.i32(lwpAt),
        sp,
        threadPointer: thread ? thread + (layout.thread?.plus ?? 0) : undefined,
        words,
      })
    } else if (note.owner === 'LINUX' && note.type === layout.threadNote?.type) {
      const [last, bytes] = [threads.at(-1), fields()]
      if (last === undefined || bytes.length < layout.threadNote.at + 4) continue
      const { at } = layout.threadNote
      const size = note.type === NT_386_TLS || word === 4 ? 4 : 8
      if (bytes.length < at + size) continue
      last.threadPointer ??= addressOf(size === 4 ? BigInt(bytes.u32(at)) : bytes.u64(at)) || undefined
    }
  }
  return threads
}

function wordsOf(fields: Fields, from: number): number[] {
  const word = wordSize(fields.encoding)
  const words: number[] = []
  for (let at = from; at + word <= fields.length; at += word) words.push(addressOf(fields.word(at)))
  return words
}
