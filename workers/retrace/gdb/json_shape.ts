/**
 * What a message in JSON would become, counted before it is read: a megabyte of brackets is a hundred megabytes of lists. Pure.
 */
import { Buffer } from 'node:buffer'

/** Of one message: 256 frames, or the values of 32. */
const MAX_VALUES = 500_000
const MAX_DEPTH = 16
const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c]
const OPENING = new Set([0x5b, 0x7b])
const CLOSING = new Set([0x5d, 0x7d])

/** Whether a message has no more values than one of ours, nested no deeper. What is in strings does not count. */
export function isModest(message: Uint8Array): boolean {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.length)
  let values = 0
  let depth = 0
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0
    if (byte === QUOTE) at = endOfString(bytes, at)
    else if (OPENING.has(byte)) {
      values++
      if (++depth > MAX_DEPTH) return false
    } else if (CLOSING.has(byte)) depth--
    else if (byte === COMMA) values++
    if (values > MAX_VALUES) return false
  }
  return true
}

/** Where the string that begins there ends; the end of all where it does not. */
function endOfString(bytes: Buffer, start: number): number {
  for (let end = bytes.indexOf(QUOTE, start + 1); end >= 0; end = bytes.indexOf(QUOTE, end + 1)) {
    let slashes = 0
    while (bytes[end - 1 - slashes] === BACKSLASH) slashes++
    if (slashes % 2 === 0) return end
  }
  return bytes.length
}
