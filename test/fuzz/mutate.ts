/** New inputs out of known ones: what fuzzers of bytes do, and words of the grammar. Pure but for its random numbers. */
import { Buffer } from 'node:buffer'
import type { Random } from './random.ts'

/** Numbers at which readers go wrong: around powers of two, and the signs of each width. */
const NUMBERS = [
  ...[0n, 1n, 2n, 7n, 8n, 16n, 63n, 64n, 127n, 128n, 255n, 256n, 511n, 512n, 4095n, 4096n, 65535n, 65536n],
  ...[0x7fffffffn, 0x80000000n, 0xffffffffn, 0x100000000n, 0x1fffffffffffffn, 0x20000000000000n],
  ...[0x7fffffffffffffffn, 0x8000000000000000n, 0xffffffffffffffffn],
]
const MAX_STEPS = 6
const MAX_PIECE = 4096
const MAX_REPEATS = 2000

interface Material {
  readonly others: readonly Uint8Array[]
  readonly words: readonly string[]
  readonly maxBytes: number
}

type Step = (bytes: Buffer, random: Random, material: Material) => Buffer

const STEPS: readonly Step[] = [
  flipBit,
  setByte,
  setNumber,
  setDecimal,
  removePiece,
  copyPiece,
  repeatPiece,
  insertWord,
  insertWord,
  replaceWord,
  cut,
  splice,
]

/** `input` with a few changes, never longer than `maxBytes`. */
export function mutate(input: Uint8Array, random: Random, material: Material): Uint8Array {
  let bytes: Buffer = Buffer.from(input)
  for (let left = 1 + random.below(MAX_STEPS); left > 0; left--) bytes = random.of(STEPS)(bytes, random, material)
  return bytes.subarray(0, material.maxBytes)
}

function flipBit(bytes: Buffer, random: Random): Buffer {
  const at = random.below(bytes.length)
  if (bytes.length > 0) bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8))
  return bytes
}

function setByte(bytes: Buffer, random: Random): Buffer {
  if (bytes.length > 0) bytes[random.below(bytes.length)] = random.below(256)
  return bytes
}

/** A number of 2, 4 or 8 bytes in either order. */
function setNumber(bytes: Buffer, random: Random): Buffer {
  const width = random.of([2, 4, 8])
  if (bytes.length < width) return bytes
  const packed = Buffer.alloc(8)
  packed.writeBigUInt64LE(random.of(NUMBERS))
  const number = packed.subarray(0, width)
  if (random.below(2) === 0) number.reverse()
  number.copy(bytes, random.below(bytes.length - width + 1))
  return bytes
}

/** Digits of a text become another number. */
function setDecimal(bytes: Buffer, random: Random): Buffer {
  const found = [...bytes.toString('latin1').matchAll(/\d+/g)]
  if (found.length === 0) return bytes
  const { index, 0: digits } = random.of(found)
  return spliced(bytes, index, index + digits.length, Buffer.from(`${random.of(NUMBERS)}`))
}

function removePiece(bytes: Buffer, random: Random): Buffer {
  const [start, end] = piece(bytes, random)
  return spliced(bytes, start, end, Buffer.alloc(0))
}

function copyPiece(bytes: Buffer, random: Random): Buffer {
  const [start, end] = piece(bytes, random)
  const at = random.below(bytes.length + 1)
  return spliced(bytes, at, at, Buffer.from(bytes.subarray(start, end)))
}

/** The same thing very often: what is done for each of them adds up. */
function repeatPiece(bytes: Buffer, random: Random, { maxBytes }: Material): Buffer {
  const start = random.below(bytes.length)
  const short = bytes.subarray(start, start + 1 + random.below(64))
  if (short.length === 0) return bytes
  const room = Math.max(0, Math.floor((maxBytes - bytes.length) / short.length))
  const repeated = Buffer.concat(Array.from({ length: Math.min(1 + random.below(MAX_REPEATS), room) }, () => short))
  return spliced(bytes, start, start, repeated)
}

function insertWord(bytes: Buffer, random: Random, { words }: Material): Buffer {
  if (words.length === 0) return bytes
  const at = random.below(bytes.length + 1)
  return spliced(bytes, at, at, Buffer.from(random.of(words), 'latin1'))
}

function replaceWord(bytes: Buffer, random: Random, { words }: Material): Buffer {
  const text = bytes.toString('latin1')
  const there = words.filter((word) => word !== '' && text.includes(word))
  if (there.length === 0) return bytes
  const word = random.of(there)
  const at = text.indexOf(word, random.below(text.indexOf(word) + 1))
  return spliced(bytes, at, at + word.length, Buffer.from(random.of(words), 'latin1'))
}

function cut(bytes: Buffer, random: Random): Buffer {
  return bytes.subarray(0, random.below(bytes.length + 1))
}

/** The beginning of one and the end of another. */
function splice(bytes: Buffer, random: Random, { others }: Material): Buffer {
  if (others.length === 0) return bytes
  const other = random.of(others)
  return Buffer.concat([
    bytes.subarray(0, random.below(bytes.length + 1)),
    other.subarray(random.below(other.length + 1)),
  ])
}

function piece(bytes: Buffer, random: Random): [start: number, end: number] {
  const start = random.below(bytes.length)
  return [start, Math.min(bytes.length, start + 1 + random.below(MAX_PIECE))]
}

function spliced(bytes: Buffer, start: number, end: number, between: Uint8Array): Buffer {
  return Buffer.concat([bytes.subarray(0, start), between, bytes.subarray(end)])
}
