import { describe, expect, it } from 'vitest'
import { signalOf } from '../../../src/elf/signal.ts'

const thread = (signal: number) => ({ lwp: 1, pc: 0n, sp: 0n, signal })

describe('signalOf()', () => {
  it.each([
    ['the signal of the first thread that has one', [thread(0), thread(11), thread(6)], 11],
    ['no signal of a process that was alive', [thread(0), thread(0)], 0],
    ['no signal of a core without threads', [], 0],
  ])('signalOf() takes %s', (_, threads, signal) => {
    expect(signalOf({ threads })).toBe(signal)
  })
})
