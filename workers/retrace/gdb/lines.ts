/** Bytes of a pipe made into lines. A line's length is bounded; one that is longer is reported once. */
import { Buffer } from 'node:buffer'

/** Collects chunks and calls `onLine` for each whole line (without its end); `onOverflow` for one that is too long. */
export function splitLines(
  options: { maxBytes: number; onLine(line: Uint8Array): void; onOverflow(): void },
): (chunk: Uint8Array) => void {
  let pending: Uint8Array[] = []
  let size = 0
  return (chunk) => {
    let start = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      pending.push(chunk.subarray(start, end))
      const line = pending.length === 1 ? pending[0] : Buffer.concat(pending)
      pending = []
      size = 0
      start = end + 1
      if (line !== undefined) options.onLine(line)
    }
    if (start >= chunk.length) return
    pending.push(chunk.subarray(start))
    size += chunk.length - start
    if (size > options.maxBytes) {
      pending = []
      size = 0
      options.onOverflow()
    }
  }
}
