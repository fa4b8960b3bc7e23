/**
 * OpenPGP packets (RFC 9580, chapter 4.2), as far as their borders: a ring that is cut or garbled must not keep gpgv
 * from the keys of the others behind it. What is in a packet is gpgv's business.
 */
const PUBLIC_KEY = 6

/** Whether bytes are whole packets from the first to the last, of which the first is a public key. */
export function isKeyRing(bytes: Uint8Array): boolean {
  let at = 0
  let first: number | undefined
  while (at < bytes.length) {
    const packet = packetAt(bytes, at)
    if (packet === undefined) return false
    first ??= packet.type
    at = packet.end
  }
  return first === PUBLIC_KEY && at === bytes.length
}

/** Undefined for what is none, or has no length of its own: partial and indeterminate ones occur in no ring. */
function packetAt(bytes: Uint8Array, at: number): { type: number; end: number } | undefined {
  const tag = bytes[at] ?? 0
  if ((tag & 0x80) === 0) return undefined
  const number = (offset: number, size: number) =>
    Array.from(bytes.subarray(at + offset, at + offset + size)).reduce((sum, byte) => sum * 256 + byte, 0)
  if ((tag & 0x40) === 0) {
    const size = [1, 2, 4][tag & 3]
    return size === undefined ? undefined : { type: (tag >> 2) & 15, end: at + 1 + size + number(1, size) }
  }
  const type = tag & 63
  const length = number(1, 1)
  if (length < 192) return { type, end: at + 2 + length }
  if (length < 224) return { type, end: at + 3 + (length - 192) * 256 + number(2, 1) + 192 }
  return length === 255 ? { type, end: at + 6 + number(2, 4) } : undefined
}
