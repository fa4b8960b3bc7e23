/** libsatyr's own answers on backtraces of this server (test/fixtures/satyr), beside ours. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { REMOVABLE } from '../../../workers/retrace/satyr/removable.ts'
import { parseSatyr, unreadableFrame } from '../../../workers/retrace/satyr/grammar.ts'
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

/** The frame of a name, arguments and place, as the library reads it; undefined: it refuses the text. */
function frameOf(said: string) {
  const text = `\n#0  ${said}\n\nThread 1 (LWP 5):\n#0  ${said}\nNo locals.\n`
  try {
    return parseSatyr(text).threads[0]?.frames[0]
  } catch {
    return undefined
  }
}

describe('a frame of C++', () => {
  it.each([
    ['a lambda', 'operator() (__closure=0x7ff)', undefined, 'operator()'],
    [
      'a lambda in a lambda',
      'f()::<lambda(int)>::<lambda(int*)>::operator()(int*) const (__closure=0x7ff)',
      undefined,
      'f()::<lambda(int)>::<lambda(int*)>::operator()(int*) const',
    ],
    [
      'a template of lambdas',
      'void run<main()::<lambda(int)> >(main()::<lambda(int)>&&) (f=...)',
      'void',
      'run<main()::<lambda(int)> >(main()::<lambda(int)>&&)',
    ],
    [
      'a function of a namespace without a name',
      '(anonymous namespace)::f(int) (x=1)',
      undefined,
      '(anonymous namespace)::f(int)',
    ],
  ])('is read: %s', (_, said, type, name) => {
    expect(frameOf(`0x1 in ${said} at a.cc:3`)).toMatchObject({ type, function: name, file: 'a.cc', line: 3 })
  })

  it.each([
    ['a lambda without debuginfo', 'main::{lambda(int)#1}::operator()(int) const (x=1)'],
    ['a lambda of clang', 'main::$_0::operator()(int) const (x=1)'],
    ['a type without a name among the arguments of a template', 'run<main()::<lambda()> >(struct {...}) (f=...)'],
    ['a second word that begins as const does', 'void construct<int>(int*) (p=0x0)'],
  ])('is refused, as the library refuses it: %s', (_, said) => {
    expect(frameOf(`0x1 in ${said} at a.cc:3`)).toBeUndefined()
  })
})

describe('what the library passes over', () => {
  it.each([
    ['a file of another alphabet', 'f (x=1) at žluť.c:3'],
    ['a file in angles', 'f (x=1) at <built-in>:3'],
    ['a file without the number of its line', 'f (x=1) at a.c:'],
  ])('is no reason to refuse: %s', (_, said) => {
    expect(frameOf(`0x1 in ${said}`)).toMatchObject({ function: 'f', file: undefined, line: undefined })
  })

  it('is the rest of arguments that were cut', () => {
    expect(frameOf('0x1 in f (a="x (b", c=((truncated)) at a.c:3')).toMatchObject({
      function: 'f',
      file: 'a.c',
      line: 3,
    })
  })
})
