import { describe, expect, it } from 'vitest'
import { readCommandLine } from '../../../workers/retrace/command_line.ts'

describe('the command line', () => {
  it('readCommandLine() takes a directory or a dash, and refuses more and unknown options', () => {
    expect(readCommandLine(['/spool/1'])).toEqual({ kind: 'task', dir: '/spool/1' })
    expect(readCommandLine(['-'])).toEqual({ kind: 'wait', draft: undefined })
    expect(readCommandLine(['-', '/spool/draft'])).toEqual({ kind: 'wait', draft: '/spool/draft' })
    expect(readCommandLine(['--', '-x'])).toEqual({ kind: 'task', dir: '-x' })
    expect(readCommandLine(['--', '/spool/1'])).toEqual({ kind: 'task', dir: '/spool/1' })
    expect(readCommandLine(['-h'])).toEqual({ kind: 'help' })
    expect(() => readCommandLine(['--'])).toThrow(/one argument/)
    expect(() => readCommandLine(['--help', '/spool/1'])).toThrow(/no other argument/)
    for (const words of [['a', 'b'], ['-', 'a', 'b'], ['--', '-', 'a'], ['a', '-'], ['-', '']]) {
      expect(() => readCommandLine(words)).toThrow(/one argument/)
    }
    expect(() => readCommandLine(['-x'])).toThrow(/no option/)
  })
})
