import { describe, expect, it } from 'vitest'
import { readArguments, readBacktrace } from '../../../workers/retrace/gdb/backtrace_text.ts'
import { fitText } from '../../../workers/retrace/report/frames.ts'

describe('readArguments()', () => {
  it.each([
    ['#0  0x1 in f (a=1, b=0x2 "x, y=3)", c={p = 1, q = {2, 3}}) at f.c:1', 'f', [
      ['a', '1'],
      ['b', '0x2 "x, y=3)"'],
      ['c', '{p = 1, q = {2, 3}}'],
    ]],
    ['#1  g (s=s@entry=0x1 "a\\"b", n=<optimized out>, n@entry=5) at g.c:2', 'g', [
      ['s', '0x1 "a\\"b"'],
      ['n', '<optimized out>'],
      ['n@entry', '5'],
    ]],
    ["#2  0x3 in A::operator()(int) const (this=0x4, c=40 '(', d=39 '\\'') at a.cc:3", 'A::operator()(int) const', [
      ['this', '0x4'],
      ['c', "40 '('"],
      ['d', "39 '\\''"],
    ]],
    ['#3  0x4 in ?? () from /lib/libx.so', undefined, []],
    ['#4  <signal handler called>', undefined, []],
    ['#5  h (s=0x1 "ab", \'c\' <repeats 200 times>, "d"..., t=...) at h.c:1', 'h', [
      ['s', '0x1 "ab", \'c\' <repeats 200 times>, "d"...'],
      ['t', '...'],
    ]],
    [
      '#6  k (f=0x1 <std::f(int, char)>, e=<error reading variable: Cannot access memory at address 0x2>) at k.c:1',
      'k',
      [
        ['f', '0x1 <std::f(int, char)>'],
        ['e', '<error reading variable: Cannot access memory at address 0x2>'],
      ],
    ],
    ['#7  cut (a=1, b="no end', 'cut', [['a', '1'], ['b', '"no end']]],
  ])('reads %j', (line, name, expected) => {
    expect(readArguments(line, name).map((each) => [each.name, each.value])).toEqual(expected)
  })
})

describe('readBacktrace()', () => {
  const text = [
    '#0  f (a=1) at f.c:1',
    '        x = 5',
    '        s = {p = 0x0, q = "a = b"}',
    '        long = first line',
    '          second line',
    '#1  0x2 in main () at f.c:9',
    'No locals.',
    'Backtrace stopped: previous frame inner to this frame (corrupt stack?)',
  ].join('\n')

  it('gives each frame its locals, and why the stack ended', () => {
    const { frames, stopped } = readBacktrace(text, (level) => ['f', 'main'][level])
    expect(frames.get(0)?.locals).toEqual([
      { name: 'x', value: '5' },
      { name: 's', value: '{p = 0x0, q = "a = b"}' },
      { name: 'long', value: 'first line\nsecond line' },
    ])
    expect(frames.get(1)).toEqual({ level: 1, arguments: [], locals: [] })
    expect(stopped).toBe('previous frame inner to this frame (corrupt stack?)')
  })

  it('shortens values that are very long', () => {
    const { frames } = readBacktrace(`#0  f () at f.c:1\n        x = ${'y'.repeat(100_000)}`, () => 'f')
    expect(frames.get(0)?.locals[0]?.value.length).toBeLessThan(20_000)
  })
})

describe('fitText()', () => {
  it("drops warnings, the root's prefix and control characters, and nothing else", () => {
    const text = '#0  f () from /sysroot/lib/a.so\nwarning: x\r\n        s = "/sysroot/b", \u001b[31m\u0085\n\n'
    expect(fitText(text)).toBe('#0  f () from /lib/a.so\n        s = "/sysroot/b", \\033[31m\\205')
  })
})
