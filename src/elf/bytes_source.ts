/** Bytes that are in memory, as what the reader reads from. Pure: it runs where there are no files. */

/** Random access to bytes. `read` gives `length` bytes, fewer where the file ends; nobody writes to them. */
export interface ByteSource {
  /** Bytes in all. */
  readonly size: number
  read(offset: number, length: number): Uint8Array
}

/** Bytes that are in memory already. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read: (offset, length) => bytes.subarray(offset, offset + clampLength(bytes.length, offset, length)),
  }
}

/** How much of what is asked for lies within the source. */
export function clampLength(size: number, offset: number, length: number): number {
  if (!Number.isSafeInteger(offset) || offset < 0 || !(length > 0)) return 0
  return Math.min(length, Math.max(0, size - offset))
}
