/** Bytes of a pipe made into lines. A line's length is bounded; one that is longer is reported once. */
import { Bytes } from '../../../src/process/bytes.ts'

/**
 * Collects chunks and calls `onLine` for each whole line (without its end); `onOverflow` for one that is too long. A line that
 * comes byte by byte costs no more than one that comes at once.
 */
export function splitLines(
  options: { maxBytes: number; onLine(line: Uint8Array): void; onOverflow(): void },
): (chunk: Uint8Array) => void {
  const pending = new Bytes()
  return (chunk) => {
    let start = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      const last = chunk.subarray(start, end)
      start = end + 1
      if (pending.length === 0) options.onLine(last)
      else {
        pending.add(last)
        options.onLine(pending.take())
      }
    }
    if (start >= chunk.length) return
    pending.add(chunk.subarray(start))
    if (pending.length > options.maxBytes) {
      pending.clear()
      options.onOverflow()
    }
  }
}
