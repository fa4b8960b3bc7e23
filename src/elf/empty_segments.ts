/**
 * Segments of a core that claim to lie at its very beginning, over its own ELF header, with nothing dumped of them.
 * They say nothing, but BFD looks for a build-id at the file offset of each segment until it finds one: at 0 it reads
 * the core's own headers again for each of them, 60,000 by 60,000 (docs/facts.md, 'gdb, driven'). Pure.
 */
import type { Encoding } from './fields.ts'
import { headerSizes, parseProgramHeaders, PT_LOAD } from './header.ts'

/** What a 32-bit offset can say, at the beginning of a page. */
const MAX_OFFSET_32 = 0xfffff000

/**
 * A part of the table of program headers with such segments moved to the end of the file, where nothing is; undefined
 * when it has none.
 */
export function withoutEmptyAtStart(table: Uint8Array, encoding: Encoding, fileSize: number): Uint8Array | undefined {
  const at = parseProgramHeaders(table, encoding).flatMap((each, index) =>
    each.type === PT_LOAD && each.offset === 0n ? [index * headerSizes(encoding).program] : []
  )
  if (at.length === 0) return undefined
  const moved = table.slice()
  const view = new DataView(moved.buffer)
  for (const start of at) {
    if (encoding.class === 64) {
      view.setBigUint64(start + 8, BigInt(fileSize), encoding.littleEndian)
      view.setBigUint64(start + 32, 0n, encoding.littleEndian)
    } else {
      view.setUint32(start + 4, Math.min(fileSize, MAX_OFFSET_32), encoding.littleEndian)
      view.setUint32(start + 16, 0, encoding.littleEndian)
    }
  }
  return moved
}
