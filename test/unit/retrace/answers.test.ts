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

  it('takes an answer of retrace.py for nothing when it is something else', () => {
    expect(readThreads([{ threads: 'x' }, null, 4])).toBeUndefined()
    expect(readThreads([{ threads: [[1, 5], 'x', [-1, 2]], selected: 1, architecture: 'a', version: '13' }]))
      .toMatchObject({ threads: [{ number: 1, lwp: 5 }] })
    expect(readPc([{}, { pc: '0x5' }])).toBe(5n)
    expect(readText([{ text: 5 }, { text: 'a' }], 'text')).toBe('a')
    expect(readRegisters([{ registers: [['rax', '0x1'], ['rbx', 2], 7] }])).toEqual([{ name: 'rax', value: '0x1' }])
  })
})
