/**
 * A file as it is without its DWARF: symbols, notes, code and unwinding tables stay. Pure. Owns which sections those are;
 * refuses to move anything: what goes leaves a hole, so that no offset changes.
 */
import { fileNumber } from './fields.ts'
import { headerSizes, parseHeader } from './header.ts'
import { readSections, SHT_NOBITS, SHT_NULL } from './section.ts'
import type { ByteSource } from './bytes_source.ts'

export interface Piece {
  readonly offset: number
  readonly length: number
}

export interface WithoutDwarf {
  readonly size: number
  /** What to copy to the same place, sorted; the rest is a hole. */
  readonly kept: readonly Piece[]
  /** What to write over it. */
  readonly patches: readonly { readonly offset: number; readonly bytes: Uint8Array }[]
}

/** DWARF itself, what indexes it, and what leads to more of it; not `.debug_frame`, which unwinds like `.eh_frame`. */
const DWARF = /^\.z?debug_(?!frame$)|^\.gdb_index$|^\.gnu_debugaltlink$|^\.gnu\.debuglto_/
/** Offset of sh_type in a section header, in both classes. */
const TYPE_AT = 4

/** Throws ElfError for what is no ELF file. */
export function withoutDwarf(source: ByteSource): WithoutDwarf {
  const header = parseHeader(source.read(0, 64))
  const start = fileNumber(header.sectionOffset) ?? 0
  const { section: entry } = headerSizes(header)
  const gone = readSections(source, header).flatMap((section, index) =>
    DWARF.test(section.name) && section.type !== SHT_NULL ? [{ section, at: start + index * entry + TYPE_AT }] : []
  )
  const holes = gone.flatMap(({ section: { type, offset, size } }) => {
    const [from, length] = [fileNumber(offset), fileNumber(size)]
    return type === SHT_NOBITS || from === undefined || length === undefined ? [] : [{ offset: from, length }]
  })
  return {
    size: source.size,
    kept: between(holes, source.size),
    patches: gone.map(({ at }) => ({ offset: at, bytes: new Uint8Array(4).fill(SHT_NULL) })),
  }
}

/** What is left of a file without some pieces. */
function between(holes: readonly Piece[], size: number): Piece[] {
  const kept: Piece[] = []
  let done = 0
  for (const { offset, length } of holes.toSorted((a, b) => a.offset - b.offset)) {
    if (offset > done) kept.push({ offset: done, length: Math.min(offset, size) - done })
    done = Math.max(done, offset + length)
    if (done >= size) break
  }
  if (done < size) kept.push({ offset: done, length: size - done })
  return kept
}
