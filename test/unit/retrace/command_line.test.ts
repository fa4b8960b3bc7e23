import { describe, expect, it } from 'vitest'
import { readCommandLine } from '../../../workers/retrace/command_line.ts'

describe('the command line', () => {
  it('readCommandLine() takes a directory or a dash, and refuses more and unknown options', () => {
    expect(readCommandLine(['/spool/1'])).toEqual({ kind: 'task', dir: '/spool/1' })
    expect(readCommandLine(['-'])).toEqual({ kind: 'wait' })
    expect(readCommandLine(['--', '-x'])).toEqual({ kind: 'task', dir: '-x' })
    expect(readCommandLine(['--', '/spool/1'])).toEqual({ kind: 'task', dir: '/spool/1' })
    expect(readCommandLine(['-h'])).toEqual({ kind: 'help' })
    expect(() => readCommandLine(['--'])).toThrow(/one argument/)
    expect(() => readCommandLine(['--help', '/spool/1'])).toThrow(/no other argument/)
    expect(() => readCommandLine(['a', 'b'])).toThrow(/one argument/)
    expect(() => readCommandLine(['-x'])).toThrow(/no option/)
  })
})
