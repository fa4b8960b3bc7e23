/** The CRC-32 that `.gnu_debuglink` has of a debug file (IEEE 802.3, reflected; as zlib's). */
import type { ByteSource } from './bytes_source.ts'
import { MIB } from '../units/bytes.ts'

const POLYNOMIAL = 0xedb88320

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = (value & 1) === 0 ? value >>> 1 : (value >>> 1) ^ POLYNOMIAL
  return value
})

/** Of all bytes, as a number without a sign. */
export function crc32(source: ByteSource): number {
  let crc = 0xffffffff
  for (let at = 0; at < source.size;) {
    const bytes = source.read(at, MIB)
    if (bytes.length === 0) break
    for (const byte of bytes) crc = (crc >>> 8) ^ (TABLE[(crc ^ byte) & 0xff] ?? 0)
    at += bytes.length
  }
  return (crc ^ 0xffffffff) >>> 0
}
