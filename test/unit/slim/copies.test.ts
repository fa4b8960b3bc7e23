import { Buffer } from 'node:buffer'
import { expect, it } from 'vitest'
import { bytesSource } from '../../../src/elf/bytes_source.ts'
import { copiesIn } from '../../../src/slim/copies.ts'
import { Pages } from '../../../src/slim/pages.ts'

const START = 0x10000
const SIZE = 0x4000
const NEEDLE = { bytes: Buffer.from('SECRET_TOKEN=abcdefghijklmnopqrstuvwxyz'), ends: false }
/** What is kept of the memory. */
const KEPT = { start: START + 0x1000, end: START + 0x1200 }

/** Where copies are found of a text that lies at `at` of memory of which only `KEPT` is kept. */
function found(at: number): [from: number, to: number][] {
  const bytes = new Uint8Array(SIZE)
  bytes.set(NEEDLE.bytes, at - START)
  const source = bytesSource(bytes)
  const pages = new Pages(source, [{ start: START, end: START + SIZE, fileOffset: 0, flags: 6 }])
  const runs = [{ ...KEPT, fileOffset: KEPT.start - START, flags: 6 }]
  return copiesIn(pages, source, runs, { needles: [NEEDLE], except: [] }).map(({ start, end }) => [start, end])
}

it.each([
  ['inside', KEPT.start + 100, true],
  ['begins before it', KEPT.start - 10, true],
  ['has only its last byte in it', KEPT.start - NEEDLE.bytes.length + 1, true],
  ['goes on behind it', KEPT.end - 10, true],
  ['has only its first byte in it', KEPT.end - 1, true],
  ['ends before it', KEPT.start - NEEDLE.bytes.length, false],
  ['begins behind it', KEPT.end, false],
])('a copy is known in what is kept, where it %s', (_, at, isKnown) => {
  expect(found(at)).toEqual(isKnown ? [[at, at + NEEDLE.bytes.length]] : [])
})
