/**
 * Where the reader gets bytes from. A file is read synchronously, block by block as asked, through a cache of 1 MB: a
 * core of any size costs the same memory.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { type ByteSource, clampLength } from './bytes_source.ts'

export { type ByteSource, bytesSource } from './bytes_source.ts'

const BLOCK = 16_384
const BLOCKS_KEPT = 64

/** A file, opened for reading until it is disposed of; `flags` as open(2) has them. Throws the errors of the system (ENOENT, EACCES, EIO). */
export function fileSource(path: string, flags: number | 'r' = 'r'): ByteSource & Disposable {
  const descriptor = openSync(path, flags)
  const size = fstatSync(descriptor).size
  const blocks = new Map<number, Uint8Array>()

  function readBlock(index: number): Uint8Array {
    const kept = blocks.get(index)
    if (kept !== undefined) return kept
    const block = readDirectly(descriptor, index * BLOCK, Math.min(BLOCK, size - index * BLOCK))
    if (blocks.size >= BLOCKS_KEPT) {
      for (const oldest of blocks.keys()) {
        blocks.delete(oldest)
        break
      }
    }
    blocks.set(index, block)
    return block
  }

  return {
    size,
    read(offset, length) {
      const wanted = clampLength(size, offset, length)
      if (wanted === 0) return new Uint8Array(0)
      if (wanted > BLOCK) return readDirectly(descriptor, offset, wanted)
      const index = Math.floor(offset / BLOCK)
      const inBlock = offset - index * BLOCK
      const first = readBlock(index).subarray(inBlock, inBlock + wanted)
      if (first.length === wanted || inBlock + first.length < BLOCK) return first
      const bytes = new Uint8Array(wanted)
      bytes.set(first)
      const second = readBlock(index + 1).subarray(0, wanted - first.length)
      bytes.set(second, first.length)
      return bytes.subarray(0, first.length + second.length)
    },
    [Symbol.dispose]: () => closeSync(descriptor),
  }
}

/** `length` has been checked against the size of the file. */
function readDirectly(descriptor: number, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  let filled = 0
  while (filled < length) {
    const got = readSync(descriptor, bytes, filled, length - filled, offset + filled)
    if (got === 0) break
    filled += got
  }
  return bytes.subarray(0, filled)
}
