/**
 * A tar header block: 512 bytes of POSIX ustar, GNU tar or the seventh edition (POSIX.1-1988 10.1.1, tar(5)). Pure.
 * Nothing that a header says is acted on here.
 */
import { badStream } from './bad_stream.ts'

export const TAR_BLOCK = 512

const UTF8 = new TextDecoder('utf-8', { ignoreBOM: true })

export interface TarHeader {
  /** As it stands in the header, the ustar prefix before it. Bytes that are no UTF-8 are replaced. */
  name: string
  /** What follows the header, in bytes; at most Number.MAX_SAFE_INTEGER stands for anything larger. */
  size: number
  /** The type flag, '0' for the seventh edition's NUL. */
  type: string
}

/** Whether a block reads as the header of a member. */
export function isTarHeader(block: Uint8Array): boolean {
  return block.length === TAR_BLOCK && hasRightSum(block)
}

/** Reads a header block that is not all zero. Throws bad-stream when its checksum or its size is wrong. */
export function parseHeader(block: Uint8Array): TarHeader {
  if (!hasRightSum(block)) throw badStream('The body is not a tar archive, or is damaged: the sum of a header is wrong')
  const name = textOf(block, 0, 100)
  const prefix = textOf(block, 257, 6) === 'ustar' ? textOf(block, 345, 155) : ''
  const flag = block[156]!
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    size: parseNumber(block.subarray(124, 136)),
    type: flag === 0 ? '0' : String.fromCharCode(flag),
  }
}

/**
 * A number of a header: octal digits, ended by a space, a NUL or the field, or GNU's base-256 when the top bit is set.
 * Numbers above Number.MAX_SAFE_INTEGER become it. Throws bad-stream for what is negative or no number.
 */
export function parseNumber(field: Uint8Array): number {
  const first = field[0] ?? 0
  if (first & 0x80) {
    if (first & 0x40) throw badStream('A header of the tar archive holds a negative number')
    let value = BigInt(first & 0x3f)
    for (const byte of field.subarray(1)) value = value * 256n + BigInt(byte)
    return value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(value)
  }
  const text = textOf(field, 0, field.length)
  const digits = /^ *([0-7]*) *$/.exec(text)?.[1]
  if (digits === undefined) throw badStream('A header of the tar archive holds no number where one belongs')
  return digits === '' ? 0 : parseInt(digits, 8)
}

/** The sum of all bytes, its own field read as spaces; some writers of old added them up as signed. */
function hasRightSum(block: Uint8Array): boolean {
  let sum = 8 * 0x20
  let signed = sum
  for (let at = 0; at < TAR_BLOCK; at++) {
    if (at >= 148 && at < 156) continue
    const byte = block[at]!
    sum += byte
    signed += byte > 127 ? byte - 256 : byte
  }
  const digits = /^ *([0-7]{1,8})/.exec(textOf(block, 148, 8))?.[1]
  if (digits === undefined) return false
  const stored = parseInt(digits, 8)
  return stored === sum || stored === signed
}

/** A field's text, up to its first NUL. */
export function textOf(block: Uint8Array, offset = 0, length = block.length): string {
  const field = block.subarray(offset, offset + length)
  const end = field.indexOf(0)
  return UTF8.decode(end < 0 ? field : field.subarray(0, end))
}
