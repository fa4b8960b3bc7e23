/** Small questions about bytes. Pure. */
import { Buffer } from 'node:buffer'
import { KIB } from '../units/bytes.ts'

const ZEROS = Buffer.alloc(64 * KIB)

/** Joins pieces into one array. */
export function concatenate(pieces: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(pieces)
}

/** Whether every byte is zero. */
export function isAllZero(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at += ZEROS.length) {
    const end = Math.min(bytes.length, at + ZEROS.length)
    if (ZEROS.compare(bytes, at, end, 0, end - at) !== 0) return false
  }
  return true
}

/** Whether `bytes` begins with `prefix`. */
export function startsWith(bytes: Uint8Array, prefix: readonly number[]): boolean {
  return prefix.every((byte, index) => bytes[index] === byte)
}
