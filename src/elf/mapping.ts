/**
 * NT_FILE (the kernel's fs/coredump.c, binfmt_elf.c fill_files_note) and NT_AUXV (getauxval(3)). Counts that their own
 * descriptor cannot hold are refused.
 */
import { type Encoding, Fields, wordSize } from './fields.ts'

/** A mapped file: addresses and offset in bytes, the path as the kernel wrote it, ' (deleted)' included. */
export interface MappedFile {
  readonly start: bigint
  readonly end: bigint
  readonly fileOffset: bigint
  readonly path: string
}

/** Entries of the auxiliary vector that this reader uses. */
export const AT_PHDR = 3
export const AT_PHENT = 4
export const AT_PHNUM = 5
export const AT_ENTRY = 9
export const AT_EXECFN = 31
export const AT_SYSINFO_EHDR = 33

const AT_NULL = 0
const MAX_AUXV = 1024
const MAX_PATH = 8192

/** Bytes of NT_AUXV that are worth reading. */
export function auxvBytes(encoding: Encoding): number {
  return MAX_AUXV * 2 * wordSize(encoding)
}

/** NT_AUXV: type -> value, to AT_NULL; the first of a type stays. */
export function parseAuxv(vector: Fields): Map<number, bigint> {
  const entries = new Map<number, bigint>()
  const word = wordSize(vector.encoding)
  for (let at = 0; at + 2 * word <= vector.length && entries.size < MAX_AUXV; at += 2 * word) {
    const type = Number(vector.word(at))
    if (type === AT_NULL) break
    if (!entries.has(type)) entries.set(type, vector.word(at + word))
  }
  return entries
}

/**
 * NT_FILE: a count, the page size, count times (start, end, offset in pages), then count paths. A descriptor that was
 * cut off gives the entries whose paths are there; entries whose numbers make no sense are left out.
 */
export function parseMappedFiles(note: Fields): MappedFile[] {
  const word = wordSize(note.encoding)
  if (note.length < 2 * word) return []
  const claimed = note.word(0)
  const pageSize = note.word(word)
  const possible = BigInt(Math.floor((note.length - 2 * word) / (3 * word)))
  if (claimed > possible) return []
  const count = Number(claimed)
  const files: MappedFile[] = []
  let name = 2 * word + count * 3 * word
  for (let index = 0; index < count; index++) {
    const path = note.string(name, MAX_PATH)
    if (path === undefined) break
    const at = 2 * word + index * 3 * word
    const [start, end] = [note.word(at), note.word(at + word)]
    if (start < end && path !== '') files.push({ start, end, fileOffset: note.word(at + 2 * word) * pageSize, path })
    name += byteLength(note.bytes, name) + 1
  }
  return files
}

/** Bytes to the next NUL; the caller has seen that there is one. */
function byteLength(bytes: Uint8Array, from: number): number {
  return bytes.indexOf(0, from) - from
}

/** The path without the kernel's mark for a file that was removed or replaced while it was mapped. */
export function withoutDeletedMark(path: string): { path: string; deleted: boolean } {
  const mark = ' (deleted)'
  return path.endsWith(mark) ? { path: path.slice(0, -mark.length), deleted: true } : { path, deleted: false }
}
