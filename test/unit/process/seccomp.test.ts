import { describe, expect, it } from 'vitest'
import { DENIED, deniedNumbers, seccompFilter } from '../../../src/process/seccomp.ts'

const ALLOW = 0x7fff0000
const EPERM = 0x00050001
const KILL = 0x80000000
const X86_64 = 0xc000003e
const I386 = 0x40000003

/** Runs a filter as the kernel does (linux/filter.h): only the four instructions that it is made of. */
function verdict(filter: Uint8Array, audit: number, number: number): number {
  const view = new DataView(filter.buffer)
  let accumulator = 0
  for (let at = 0; at < filter.length / 8; at++) {
    const code = view.getUint16(at * 8, true)
    const [ifTrue, ifFalse] = [view.getUint8(at * 8 + 2), view.getUint8(at * 8 + 3)]
    const operand = view.getUint32(at * 8 + 4, true)
    if (code === 0x20) accumulator = operand === 4 ? audit : number
    else if (code === 0x15) at += accumulator === operand ? ifTrue : ifFalse
    else if (code === 0x35) at += accumulator >= operand ? ifTrue : ifFalse
    else if (code === 0x06) return operand
    else throw new Error(`Unknown instruction ${code}`)
  }
  throw new Error('The filter ends without a verdict')
}

describe('seccompFilter()', () => {
  it('refuses each of 37 calls and no other', () => {
    const filter = seccompFilter('x64')
    const numbers = new Set(Object.values(deniedNumbers('x64')))
    expect(DENIED.length).toBe(37)
    expect(numbers.size).toBe(37)
    for (let number = 0; number < 500; number++) {
      expect([number, verdict(filter, X86_64, number)]).toEqual([number, numbers.has(number) ? EPERM : ALLOW])
    }
  })

  it('kills a process that calls by another ABI: 32 bits, or x32', () => {
    const filter = seccompFilter('x64')
    expect(verdict(filter, I386, 26)).toBe(KILL)
    expect(verdict(filter, X86_64, 0x40000000)).toBe(KILL)
    expect(verdict(filter, X86_64, 0xffffffff)).toBe(KILL)
  })

  it('seccompFilter() has a filter for other hosts, and refuses hosts that it does not know', () => {
    expect(verdict(seccompFilter('arm64'), 0xc00000b7, 117)).toBe(EPERM)
    expect(verdict(seccompFilter('arm64'), 0xc00000b7, 64)).toBe(ALLOW)
    expect(() => seccompFilter('mips')).toThrow(/add a row for mips/)
  })
})
