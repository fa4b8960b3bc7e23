import { describe, expect, it } from 'vitest'
import { journal } from '../../../workers/retrace/journal.ts'

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

  it('says all frames of a thread at once, keeps the first, and takes none for a step', () => {
    const out: string[] = []
    const steps: string[] = []
    const said = journal({ out: (line) => out.push(line), err: () => undefined, onStep: (step) => steps.push(step) })
    said.thread(Array.from({ length: 60 }, (_, level) => `#${level}  f\n ()`))
    expect(out.length).toBe(1)
    expect(out[0]?.split('\n').slice(0, 2)).toEqual(['thread: #0  f\\x0a ()', 'thread: #1  f\\x0a ()'])
    expect(out[0]?.split('\n').length).toBe(61)
    expect(said.text().split('\n').length).toBe(17)
    expect(steps).toEqual([])
  })
})
