/**
 * Pieces of memory as they travel and lie in a task's file `memory`: of each an address (8 bytes), a length (4 bytes), both
 * big-endian, then as many bytes. Pure. Reading ends where a record does not; whoever must know compares the lengths.
 */
export interface MemoryRecord {
  readonly start: bigint
  /** As its head says. */
  readonly length: number
  /** As many as there are. */
  readonly bytes: Uint8Array
}

export const RECORD_HEAD = 12

export function* recordsIn(body: Uint8Array): Generator<MemoryRecord> {
  const view = new DataView(body.buffer, body.byteOffset, body.length)
  for (let at = 0; at < body.length;) {
    if (at + RECORD_HEAD > body.length) return yield { start: 0n, length: RECORD_HEAD, bytes: new Uint8Array(0) }
    const [start, length] = [view.getBigUint64(at), view.getUint32(at + 8)]
    at += RECORD_HEAD
    yield { start, length, bytes: body.subarray(at, at + length) }
    at += length
  }
}
