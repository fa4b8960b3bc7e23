import { describe, expect, it } from 'vitest'
import { readBacktrace } from '../../../workers/retrace/gdb/backtrace_text.ts'
import { fitText } from '../../../workers/retrace/report/frames.ts'

describe('readBacktrace()', () => {
  it('counts the frames, and says why the stack ended', () => {
    const text = [
      '#0  f (a=1) at f.c:1',
      '        x = 5',
      '        s = {p = 0x0, q = "#1  b"}',
      '#1  0x2 in main () at f.c:9',
      'No locals.',
      'Backtrace stopped: previous frame inner to this frame (corrupt stack?)',
    ]
    expect(readBacktrace(text.join('\n'))).toEqual({
      frames: 2,
      stopped: 'previous frame inner to this frame (corrupt stack?)',
    })
    expect(readBacktrace('')).toEqual({ frames: 0, stopped: undefined })
  })
})

describe('fitText()', () => {
  it("drops warnings, the root's prefix and control characters, and nothing else", () => {
    const text = '#0  f () from /sysroot/lib/a.so\nwarning: x\r\n        s = "/sysroot/b", \u001b[31m\u0085\n\n'
    expect(fitText(text)).toBe('#0  f () from /lib/a.so\n        s = "/sysroot/b", \\033[31m\\205')
  })
})
