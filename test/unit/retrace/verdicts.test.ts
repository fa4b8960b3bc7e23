import { describe, expect, it } from 'vitest'
import {
  readFrames,
  readRegisters,
  readText,
  readThreads,
  splitByThread,
} from '../../../workers/retrace/gdb/answers.ts'
import { contradictions } from '../../../workers/retrace/gdb/check.ts'
import { Deadline } from '../../../workers/retrace/time/deadline.ts'
import { readCommandLine } from '../../../workers/retrace/command_line.ts'
import { journal } from '../../../workers/retrace/journal.ts'
import { codeName, signalName, signalSentence } from '../../../workers/retrace/report/signal.ts'

describe('contradictions()', () => {
  const core = {
    architecture: 'arm64' as const,
    threads: [{ lwp: 5, signal: 11, pc: 0x40n }, { lwp: 6, signal: 0, pc: 0x80n }],
  }
  const seen = { architecture: 'aarch64', lwps: [6, 5], pc: 0x40n }

  it('contradictions() finds none for a debugger that sees what the notes say', () => {
    expect(contradictions(core, seen)).toEqual([])
  })

  it.each([
    ['another architecture', { architecture: 'i386' }, /takes the core for i386/],
    ['invented threads', { lwps: [1] }, /sees 1 thread, 2 of the core's 2/],
    ['a thread that is not seen', { lwps: [5, 7] }, /sees 2 threads, 1 of the core's 2 is not among them/],
    ['another pc', { pc: 0n }, /is at 0x40, not at 0x0/],
  ])('names %s', (_, change, reason) => {
    expect(contradictions(core, { ...seen, ...change })).toEqual([expect.stringMatching(reason)])
  })

  it('contradictions() finds none for threads that the core holds nothing of: the thread library knows some that had ended', () => {
    expect(contradictions(core, { ...seen, lwps: [4, 5, 6, 7] })).toEqual([])
  })

  it("takes any revision of ARM for armhf, since gdb names the executable's", () => {
    expect(contradictions({ ...core, architecture: 'armhf' }, { ...seen, architecture: 'armv5t' })).toEqual([])
  })
})

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
    expect(readThreads([{ threads: [[1, 5], 'x', [-1, 2]], selected: 1, pc: '0x5', architecture: 'a', version: '13' }]))
      .toMatchObject({ threads: [{ number: 1, lwp: 5 }], pc: 5n })
    expect(readText([{ text: 5 }, { text: 'a' }], 'text')).toBe('a')
    expect(readRegisters([{ registers: [['rax', '0x1'], ['rbx', 2], 7] }])).toEqual([{ name: 'rax', value: '0x1' }])
  })
})

describe('Deadline', () => {
  it('keeps a part for the report, and gives shares of what is left', () => {
    let now = 0
    const deadline = new Deadline(60_000, () => now)
    expect(deadline.leftMs()).toBe(54_000)
    now = 44_000
    expect(deadline.share(0.5)).toBe(5_000)
    now = 70_000
    expect([deadline.leftMs(), deadline.isOver]).toEqual([0, true])
  })

  it('gives up a promise that does not settle', async () => {
    const never = new Deadline(1_050).await(new Promise(() => undefined))
    expect(await never).toBeUndefined()
    expect(await new Deadline(60_000).await(Promise.resolve(5))).toBe(5)
    await expect(new Deadline(60_000).await(Promise.reject(new Error('x')))).rejects.toThrow('x')
  })
})

describe('the journal', () => {
  it('speaks in lines with their step in front, keeps all of them, and lets no control character through', () => {
    const out: string[] = []
    const err: string[] = []
    const said = journal({ out: (line) => out.push(line), err: (line) => err.push(line) })
    said.say('read', 'core of a\u001b[2Jb\nX-Task-Status: FINISHED_SUCCESS')
    said.complain('debug', 'no gdb')
    said.note('resolve', 'detail')
    said.say('fetch', 'libc6 (2.6 MB)')
    expect(out).toEqual(['read: core of a\\x1b[2Jb\\x0aX-Task-Status: FINISHED_SUCCESS\n', 'fetch: libc6 (2.6 MB)\n'])
    expect(err).toEqual(['debug: no gdb\n'])
    expect(said.text().split('\n')).toHaveLength(5)
  })

  it('tells each step once as it begins, and does not take a complaint or a detail for a step', () => {
    const steps: string[] = []
    const said = journal({ out: () => undefined, err: () => undefined, onStep: (step) => steps.push(step) })
    said.say('read', 'resolve: a core whose name looks like a line of another step')
    said.say('read', 'one thread')
    said.say('resolve', '3 modules')
    said.complain('debug', 'no gdb')
    said.note('report', 'detail')
    said.say('fetch', 'libc6')
    said.say('resolve', 'all are here')
    said.begin('assemble')
    said.begin('assemble')
    said.say('done', 'read 0.1 s')
    expect(steps).toEqual(['read', 'resolve', 'fetch', 'resolve', 'assemble'])
  })
})

describe('the command line', () => {
  it('readCommandLine() takes a directory or a dash, and refuses more and unknown options', () => {
    expect(readCommandLine(['/spool/1'])).toEqual({ kind: 'task', dir: '/spool/1' })
    expect(readCommandLine(['-'])).toEqual({ kind: 'wait' })
    expect(() => readCommandLine(['a', 'b'])).toThrow(/one argument/)
    expect(() => readCommandLine(['-x'])).toThrow(/no option/)
  })
})

describe('signals', () => {
  it('knows the names of signals and their causes', () => {
    expect([signalName(11), signalName(50), codeName(11, 1), codeName(6, -6), codeName(11, 99)])
      .toEqual(['SIGSEGV', 'SIG50', 'SEGV_MAPERR', 'SI_TKILL', undefined])
    expect([signalSentence(6), signalSentence(0)]).toEqual([
      'Program terminated with signal SIGABRT, Aborted.',
      undefined,
    ])
  })
})
