/** libsatyr's own answers on backtraces of this server (test/fixtures/satyr), beside ours. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { REMOVABLE } from '../../../workers/retrace/satyr/removable.ts'
import { unreadableFrame } from '../../../workers/retrace/satyr/grammar.ts'
import { assess, duphashOf, duphashText } from '../../../workers/retrace/satyr/satyr.ts'

interface Expected {
  parses: boolean
  crash_function: string
  quality_simple: number
  quality_complex: number
  rating: number
  duphash_text: string
  duphash: string
  normalised_crash_frames: number
}

const FOLDER = 'test/fixtures/satyr'
const expected = JSON.parse(readFileSync(`${FOLDER}/expected.json`, 'utf8')) as Record<string, Expected>

describe("libsatyr's rules", () => {
  it.each(Object.entries(expected))('gives the hash, the qualities and the rating of %s', (name, theirs) => {
    const ours = assess(readFileSync(`${FOLDER}/${name}.bt`, 'utf8'))
    expect(ours !== undefined).toBe(theirs.parses)
    if (ours === undefined) return
    const { crashed, simple, complex, rating } = ours
    expect(crashed?.frames.length).toBe(theirs.normalised_crash_frames)
    const text = crashed === undefined ? '' : duphashText(crashed, 'component')
    expect(text).toBe(theirs.duphash_text)
    expect(duphashOf(text)).toBe(theirs.duphash)
    expect(simple).toBeCloseTo(theirs.quality_simple, 3)
    expect(complex).toBeCloseTo(theirs.quality_complex, 3)
    expect(rating).toBe(theirs.rating)
  })

  it.each(Object.entries(expected).filter(([, { parses }]) => parses))(
    'what %s lacks adds up to what its quality lacks',
    (name) => {
      const ours = assess(readFileSync(`${FOLDER}/${name}.bt`, 'utf8'))
      if (ours === undefined) return
      expect(ours.lacks.reduce((sum, { cost }) => sum + cost, ours.complex)).toBeCloseTo(1, 9)
    },
  )

  it('has the table of functions that are no cause of a crash, word for word', () => {
    const [, ...rows] = readFileSync(`${FOLDER}/removable.tsv`, 'utf8').trimEnd().split('\n')
    const theirs = rows.map((row) => row.split('\t') as [string, string])
    expect(Object.entries(REMOVABLE)).toEqual(theirs.map(([name, words]) => [name, words === '(any)' ? '' : words]))
  })

  it.each(['work.cold', 'work.part.0', 'work.constprop.0', 'work.isra.0.cold', 'work.lto_priv.1'])(
    'takes the clone %s for a function of its own, as the library does',
    (name) => {
      const text = `#0  0x1 in ${name} () from /lib/x.so\n\nThread 1 (LWP 1):\n#0  0x1 in ${name} () from /lib/x.so\n`
      const crashed = assess(text)?.crashed
      expect(crashed?.frames.map((frame) => frame.function)).toEqual([name])
      expect(crashed === undefined ? '' : duphashText(crashed, 'c')).toBe(`cThread\n  ${name}\n`)
    },
  )
})

it('says at which frame the library stops where it cannot read a text', () => {
  const text = (name: string) =>
    `Core was generated.\n#0  0x1 in f ()\n\nThread 1 (LWP 5):\n#0  0x1 in f ()\n#1  0x2 in ${name} ()\n\nThread 2 (LWP 6):\n#0  0x3 in g ()\n`
  expect(unreadableFrame(text('main'))).toBeUndefined()
  expect(unreadableFrame(text('p::main::{closure#0}'))).toEqual({
    thread: 1,
    frame: '#1  0x2 in p::main::{closure#0} ()',
  })
  expect(unreadableFrame(text('žluť'))).toEqual({ thread: 1, frame: '#1  0x2 in žluť ()' })
  expect(unreadableFrame('nothing')).toEqual({ thread: undefined, frame: '' })
})
