import { Buffer } from 'node:buffer'
import { describe, expect, it } from 'vitest'
import { readFrames, readRegisters } from '../../../workers/retrace/gdb/answers.ts'
import { type Bounds, withinBounds } from '../../../workers/retrace/gdb/bounds.ts'
import { isModest } from '../../../workers/retrace/gdb/json_shape.ts'

const BOUNDS: Bounds = { frames: 10, allFrames: 15, names: 1000, text: 100, values: 50 }
const FRAME = { pc: 1n, kind: 'normal', function: 'f', file: undefined, line: undefined } as const
const VALUES = {
  arguments: [],
  locals: [{ name: 'n', type: 'int', kind: 'integer', value: '123456', state: 'whole' }],
} as const

function thread(frames: number, text: string) {
  return {
    ...{ number: 1, lwp: 1, pointer: undefined, sp: undefined, stop: undefined, more: false, complete: true },
    ...{ fault: undefined, plain: undefined, cut: false, lost: [], leftOut: new Set<never>() },
    frames: Array.from({ length: frames }, () => FRAME),
    text,
    values: new Map(Array.from({ length: frames }, (_, level) => [level, VALUES])),
  }
}

describe('withinBounds()', () => {
  it('keeps frames, texts and values of all threads together within their bounds, the first threads first', () => {
    const kept = withinBounds([thread(1000, 'x'.repeat(80)), thread(1000, 'x'.repeat(80)), thread(3, 'x')], BOUNDS)
    expect(kept.map(({ frames }) => frames.length)).toEqual([10, 5, 0])
    expect(kept.map(({ text }) => text?.length)).toEqual([80, 20, undefined])
    expect(kept.map(({ more, cut }) => [more, cut])).toEqual([[true, false], [true, true], [true, true]])
    expect(kept.map(({ values }) => values.size)).toEqual([5, 0, 0])
  })

  it('keeps texts without values of all threads together within the same bound', () => {
    const plain = (bytes: number) => ({ ...thread(0, ''), plain: 'x'.repeat(bytes) })
    const kept = withinBounds([plain(80), plain(80), plain(80)], BOUNDS)
    expect(kept.map((each) => each.plain?.length)).toEqual([80, 20, 0])
  })

  it('keeps names within their bound', () => {
    const long = {
      ...thread(0, ''),
      frames: Array.from({ length: 9 }, () => ({ ...FRAME, function: 'n'.repeat(300) })),
    }
    expect(withinBounds([long], BOUNDS)[0]?.frames).toHaveLength(3)
  })

  it('changes nothing of what fits', () => {
    const [kept] = withinBounds([thread(3, 'text')], BOUNDS)
    expect(kept).toEqual(thread(3, 'text'))
  })
})

describe('what gdb answers', () => {
  it('is no more frames than were asked for', () => {
    const frames = Array.from({ length: 100_000 }, () => ['0x1', 'normal', 'f', null, null])
    expect(readFrames([{ frames }, { more: false }]).frames).toHaveLength(2048)
  })

  it('is no register of a name that no register has', () => {
    expect(readRegisters([{ registers: [['rip\u001b[31m', '0x1'], ['#0  main', '0x1'], ['rax', '0x2']] }]))
      .toEqual([{ name: 'rax', value: '0x2' }])
    const registers = Array.from({ length: 10_000 }, (_, n) => [`r${n}`, '0x1'])
    expect(readRegisters([{ registers }])).toHaveLength(1024)
  })
})

it.each([
  ['{"frames":[["0x1","normal","f","a,b[{",1]]}', true],
  [`{"text":${JSON.stringify('[{"\\,'.repeat(1_000_000))}}`, true],
  [`{"frames":[${'[],'.repeat(500_000)}1]}`, false],
  ['['.repeat(1_000_000), false],
  [`"${'\\'.repeat(11)}`, true],
])('isModest() counts lists and objects, and nothing in strings (%#)', (text, modest) => {
  expect(isModest(Buffer.from(text))).toBe(modest)
})
