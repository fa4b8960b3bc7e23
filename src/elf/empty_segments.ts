/**
 * Segments of a core with nothing dumped of them. They say nothing, but BFD looks for an ELF header with a build-id at the
 * file offset of each segment, dumped or not, until it finds one: where they claim to lie over the core's own headers it
 * reads those again for each of them, 60,000 by 60,000 (docs/facts.md, 'gdb, driven'); any other header will do as well. So
 * none of them lies anywhere. Segments that claim bytes keep them, but for copies of one another. Pure.
 */
import type { Encoding } from './fields.ts'
import { headerSizes, parseProgramHeaders, type ProgramHeader, PT_LOAD } from './header.ts'

/** What a 32-bit offset can say, at the beginning of a page. */
const MAX_OFFSET_32 = 0xfffff000
/** Segments that claim the same bytes; no kernel writes two. */
const MAX_COPIES = 16

/** How many segments claim bytes at which offset, over all parts of a table. */
export type Claims = Map<bigint, number>

/**
 * A part of the table of program headers in which segments without bytes lie at the end of the file, where nothing is;
 * undefined when they do already. Counts into `claims`.
 */
export function withoutEmpty(
  table: Uint8Array,
  encoding: Encoding,
  { fileSize, claims }: { fileSize: number; claims: Claims },
): Uint8Array | undefined {
  const nowhere = encoding.class === 64 ? BigInt(fileSize) : BigInt(Math.min(fileSize, MAX_OFFSET_32))
  const at = parseProgramHeaders(table, encoding).flatMap((each, index) =>
    each.type === PT_LOAD && each.offset < nowhere && isEmpty(each, claims)
      ? [index * headerSizes(encoding).program]
      : []
  )
  if (at.length === 0) return undefined
  const moved = table.slice()
  const view = new DataView(moved.buffer)
  for (const start of at) {
    if (encoding.class === 64) {
      view.setBigUint64(start + 8, nowhere, encoding.littleEndian)
      view.setBigUint64(start + 32, 0n, encoding.littleEndian)
    } else {
      view.setUint32(start + 4, Number(nowhere), encoding.littleEndian)
      view.setUint32(start + 16, 0, encoding.littleEndian)
    }
  }
  return moved
}

function isEmpty({ offset, fileSize }: ProgramHeader, claims: Claims): boolean {
  if (fileSize === 0n) return true
  const claimed = (claims.get(offset) ?? 0) + 1
  claims.set(offset, claimed)
  return claimed > MAX_COPIES
}
