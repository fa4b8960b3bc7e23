import { Buffer } from 'node:buffer'
import { expect, it } from 'vitest'
import { bytesSource } from '../../../src/elf/bytes_source.ts'
import { copiesIn, needlesOf } from '../../../src/slim/copies.ts'
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

it('a copy of a long text is known from any byte of it, in however many places it stands', () => {
  const text = Buffer.from(`LONG=${Array.from({ length: 14_000 }, (_, at) => `part${at}-`).join('').slice(0, 130_000)}`)
  const places = [0x1000, 0x400_000, 0x421_000, 0x900_000].map((at) => START + at)
  const bytes = new Uint8Array(0xa00_000)
  for (const at of places) bytes.set(text, at - START)
  const source = bytesSource(bytes)
  const pages = new Pages(source, [{ start: START, end: START + bytes.length, fileOffset: 0, flags: 6 }])
  const foundOf = (starts: number[]) => {
    const runs = starts.map((start) => ({ start, end: start + 3, fileOffset: start - START, flags: 6 }))
    return copiesIn(pages, source, runs, { needles: [{ bytes: text, ends: false }], except: [] }).map(({ start }) =>
      start
    )
  }
  // Behind its end, and in every part of it.
  const inside = [5, 10_000, 20_000, 65_000, 128_000]
  expect(foundOf(places.map((at) => at + text.length))).toEqual([])
  for (const at of inside) expect(foundOf(places.map((place) => place + at))).toEqual(places)
  expect(foundOf(places.flatMap((place) => inside.map((at) => place + at)))).toEqual(places)
  expect(foundOf([places[1] ?? 0, (places[3] ?? 0) + 64_000])).toEqual([places[1], places[3]])
})

/** The texts that are looked for, of a process whose environment and arguments lie at `START`, one behind the other. */
function soughtOf(texts: { arguments: string[]; environment: string[] }, keepsArguments: boolean): string[] {
  const joined = (list: string[]) => Buffer.from(list.map((text) => `${text}\0`).join(''))
  const [own, environment] = [joined(texts.arguments), joined(texts.environment)]
  const bytes = new Uint8Array(SIZE)
  bytes.set(own)
  bytes.set(environment, own.length)
  const pages = new Pages(bytesSource(bytes), [{ start: START, end: START + SIZE, fileOffset: 0, flags: 6 }])
  const area = pages.areaAt(START)
  if (area === undefined) throw new Error('There is no memory')
  const block = {
    area,
    arguments: { start: START, end: START + own.length },
    environment: { start: START + own.length, end: START + own.length + environment.length },
  }
  const form = { wordSize: 8, littleEndian: true } as Parameters<typeof needlesOf>[1]['form']
  return needlesOf(pages, { block, form, keepsArguments, known: new Set() })
    .map(({ bytes: text }) => Buffer.from(text).toString('latin1'))
}

it.each(['SECRET', 'spring.datasource.password', 'BASH_FUNC_run%%', 'my-key', '1ST', '\u{7e}'])(
  'a copy of a variable is looked for whatever its name is: %s',
  (name) => {
    expect(soughtOf({ arguments: ['shop'], environment: [`${name}=correcthorse`] }, true))
      .toEqual([`${name}=correcthorse`, 'correcthorse'])
  },
)

it('copies of arguments that are kept back are looked for, also where the process has moved its lists', () => {
  const password = '--password hunter22'
  expect(soughtOf({ arguments: [password], environment: [] }, true)).toEqual([])
  expect(soughtOf({ arguments: [password], environment: [] }, false)).toEqual([password])
  expect(soughtOf({ arguments: [], environment: [password, 'A=b'] }, false)).toEqual([password])
})
