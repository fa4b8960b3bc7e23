/**
 * A file that somebody chose, as the reader of cores reads it: slices of it, synchronously, which only a worker may, through a
 * cache of 16 MB: a core of any size costs the same memory.
 */
import { type ByteSource, clampLength } from '../elf/bytes_source.ts'

const BLOCK = 65_536
const BLOCKS_KEPT = 256

/** What reads a slice: FileReaderSync. */
export interface SliceReader {
  readAsArrayBuffer(slice: Blob): ArrayBuffer
}

export function blobSource(file: Blob, reader: SliceReader): ByteSource {
  const blocks = new Map<number, Uint8Array>()
  const directly = (offset: number, length: number) =>
    new Uint8Array(reader.readAsArrayBuffer(file.slice(offset, offset + length)))

  function block(index: number): Uint8Array {
    const kept = blocks.get(index)
    if (kept !== undefined) return kept
    const read = directly(index * BLOCK, Math.min(BLOCK, file.size - index * BLOCK))
    const [oldest] = blocks.keys()
    if (blocks.size >= BLOCKS_KEPT && oldest !== undefined) blocks.delete(oldest)
    blocks.set(index, read)
    return read
  }

  return {
    size: file.size,
    read(offset, length) {
      const wanted = clampLength(file.size, offset, length)
      if (wanted > BLOCK) return directly(offset, wanted)
      const index = Math.floor(offset / BLOCK)
      const at = offset - index * BLOCK
      if (wanted === 0 || at + wanted <= BLOCK) {
        return wanted === 0 ? new Uint8Array(0) : block(index).subarray(at, at + wanted)
      }
      const bytes = new Uint8Array(wanted)
      const first = block(index).subarray(at)
      bytes.set(first)
      bytes.set(block(index + 1).subarray(0, wanted - first.length), first.length)
      return bytes
    },
  }
}
