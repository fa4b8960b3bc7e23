import { describe, expect, it } from 'vitest'
import { contradictions } from '../../../workers/retrace/gdb/check.ts'

describe('contradictions()', () => {
  const core = {
    architecture: 'arm64' as const,
    threads: [{ lwp: 5, signal: 11, pc: 0x40n, sp: 0n }, { lwp: 6, signal: 0, pc: 0x80n, sp: 0n }],
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

  it('contradictions() finds none for threads that the core holds nothing of, which the thread library knows of', () => {
    expect(contradictions(core, { ...seen, lwps: [4, 5, 6, 7] })).toEqual([])
  })

  it("takes any revision of ARM for armhf, since gdb names the executable's", () => {
    expect(contradictions({ ...core, architecture: 'armhf' }, { ...seen, architecture: 'armv5t' })).toEqual([])
  })
})
