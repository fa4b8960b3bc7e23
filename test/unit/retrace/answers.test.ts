import { describe, expect, it } from 'vitest'
import {
  readFrames,
  readPc,
  readRegisters,
  readText,
  readThreads,
  splitByThread,
} from '../../../workers/retrace/gdb/answers.ts'

describe('answers of retrace.py', () => {
  it('believes answers of retrace.py as far as their shape holds', () => {
    const data = [
      { pointer: '0x7f', sp: 'x' },
      { frames: [['0x1', 'normal', 'f', 'f.c', 3], ['no', 'normal', 'g'], 5, ['0x2', 'evil', 7, {}, -1]] },
      { frames: [], stop: null, more: true },
    ]
    expect(readFrames(data)).toEqual({
      frames: [
        { pc: 1n, kind: 'normal', function: 'f', file: 'f.c', line: 3 },
        { pc: 2n, kind: 'other', function: undefined, file: undefined, line: undefined },
      ],
      pointer: 0x7fn,
      sp: undefined,
      stop: undefined,
      more: true,
      complete: true,
    })
    expect(readFrames([])).toMatchObject({ frames: [], complete: false })
  })

  it('tells answers of retrace.py apart by the thread that they are about', () => {
    const data = [{ lost: 1 }, { thread: 2 }, { text: 'a' }, { thread: 'x' }, { thread: 5 }]
    expect([...splitByThread(data)]).toEqual([[2, [{ text: 'a' }, { thread: 'x' }]], [5, []]])
  })

  const frames = (...pcs: number[]) => ({ frames: pcs.map((pc) => [`0x${pc}`, 'normal', `f${pc}`]) })

  it('keeps a thread together that was walked again', () => {
    const walks = [{ thread: 2 }, frames(1), { again: 1 }, { thread: 2 }, frames(1, 2), { more: false }]
    const found = splitByThread([...walks, { thread: 3 }, frames(9), { more: false }])
    expect(readFrames(found.get(2) ?? []).frames).toHaveLength(2)
    expect(readFrames(found.get(3) ?? []).frames).toHaveLength(1)
  })

  it.each(
    [
      [
        'the last walk, where it came to its end',
        [frames(1, 2, 3), { again: 3 }, frames(1), { more: false }],
        [1],
        true,
      ],
      ['what the walk before is sure of, where the last came less far', [frames(1, 2, 3), { again: 2 }, frames(1)], [
        1,
        2,
      ], false],
      ['the last walk, where it came further', [frames(1, 2, 3), { again: 2 }, frames(1, 2, 4)], [1, 2, 4], false],
      [
        'the furthest of several',
        [frames(1, 2, 3), { again: 3 }, frames(1, 2), { again: 1 }, frames(1)],
        [1, 2, 3],
        false,
      ],
      ['what the walk before is sure of, where no other began', [frames(1, 2, 3), { again: 1 }], [1], false],
    ] as const,
  )('takes of a thread that was walked again %s', (_, data, pcs, complete) => {
    const found = readFrames(data)
    expect(found.frames.map(({ pc }) => Number(pc))).toEqual(pcs)
    expect(found.complete).toBe(complete)
  })

  it('takes an answer of retrace.py for nothing when it is something else', () => {
    expect(readThreads([{ threads: 'x' }, null, 4])).toBeUndefined()
    expect(readThreads([{ threads: [[1, 5], 'x', [-1, 2]], selected: 1, architecture: 'a', version: '13' }]))
      .toMatchObject({ threads: [{ number: 1, lwp: 5 }] })
    expect(readPc([{}, { pc: '0x5' }])).toBe(5n)
    expect(readText([{ text: 5 }, { text: 'a' }], 'text')).toBe('a')
    expect(readRegisters([{ registers: [['rax', '0x1'], ['rbx', 2], 7] }])).toEqual([{ name: 'rax', value: '0x1' }])
  })
})
