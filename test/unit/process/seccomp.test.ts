import { describe, expect, it } from 'vitest'
import { allowedNumbers, refusedNumbers, seccompFilter } from '../../../src/process/seccomp.ts'
import { LOOKED_INTO } from '../../../src/process/system_calls.ts'

const ALLOW = 0x7fff0000
const EPERM = 0x00050001
const ENOTTY = 0x00050019
const ENOSYS = 0x00050026
const X86_64 = 0xc000003e
const I386 = 0x40000003
const CLONE_NEWUSER = 0x10000000
const CLONE_THREAD = 0x003d0f00

/** Runs a filter as the kernel does (linux/filter.h): only the instructions that it is made of. */
function verdict(filter: Uint8Array, audit: number, number: number, args: [number, number] = [0, 0]): number {
  const view = new DataView(filter.buffer)
  const data = new Map([[0, number], [4, audit], [16, args[0]], [24, args[1]]])
  let word = 0
  for (let at = 0; at < filter.length / 8; at++) {
    const code = view.getUint16(at * 8, true)
    const [ifTrue, ifFalse] = [view.getUint8(at * 8 + 2), view.getUint8(at * 8 + 3)]
    const operand = view.getUint32(at * 8 + 4, true)
    if (code === 0x20) word = data.get(operand) ?? NaN
    else if (code === 0x15) at += word === operand ? ifTrue : ifFalse
    else if (code === 0x35) at += word >= operand ? ifTrue : ifFalse
    else if (code === 0x45) at += (word & operand) !== 0 ? ifTrue : ifFalse
    else if (code === 0x06) return operand
    else throw new Error(`Unknown instruction ${code}`)
  }
  throw new Error('The filter ends without a verdict')
}

describe('seccompFilter()', () => {
  it.each(['x64', 'arm64', 'riscv64'])('lets on %s the listed calls through, and no other', (arch) => {
    const audit = { x64: X86_64, arm64: 0xc00000b7, riscv64: 0xc00000f3 }[arch] ?? 0
    const filter = seccompFilter(arch)
    const allowed = new Set(allowedNumbers(arch).values())
    const refused = new Set(refusedNumbers(arch).values())
    const looked = new Set<number>(Object.values(LOOKED_INTO).flatMap((each) => each[arch === 'x64' ? 0 : 1] ?? []))
    expect([...allowed].filter((number) => refused.has(number) || looked.has(number))).toEqual([])
    for (let number = 0; number < 700; number++) {
      if (looked.has(number)) continue
      const expected = allowed.has(number) ? ALLOW : refused.has(number) ? EPERM : ENOSYS
      expect([number, verdict(filter, audit, number)]).toEqual([number, expected])
    }
  })

  it.each(['x64', 'arm64', 'riscv64'])(
    'lets on %s symbolic links be made where that is asked for, and nothing else',
    (arch) => {
      const audit = { x64: X86_64, arm64: 0xc00000b7, riscv64: 0xc00000f3 }[arch] ?? 0
      const [usual, linking] = [seccompFilter(arch), seccompFilter(arch, { makesLinks: true })]
      const verdicts = (filter: Uint8Array) =>
        Array.from({ length: 700 }, (_, number) => verdict(filter, audit, number))
      const before = verdicts(usual)
      const changed = verdicts(linking).flatMap((each, number) =>
        each === before[number] ? [] : [[number, before[number], each]]
      )
      expect(changed).toEqual((arch === 'x64' ? [88, 266] : [36]).map((number) => [number, ENOSYS, ALLOW]))
    },
  )

  it('no call is on both lists, and the kernel takes a program of that length', () => {
    for (const arch of ['x64', 'arm64']) {
      const both = [...allowedNumbers(arch).keys(), ...refusedNumbers(arch).keys()]
      expect(new Set(both).size).toBe(both.length)
      expect(seccompFilter(arch).length / 8).toBeLessThan(4096)
    }
  })

  it('lets processes and threads be started, in no namespace of their own; where a program is alone, none', () => {
    const [several, alone] = [seccompFilter('x64'), seccompFilter('x64', { isAlone: true })]
    const clone = (filter: Uint8Array, flags: number) => verdict(filter, X86_64, 56, [flags, 0])
    expect([clone(several, 17), clone(several, CLONE_THREAD), verdict(several, X86_64, 57)]).toEqual([
      ALLOW,
      ALLOW,
      ALLOW,
    ])
    for (let bit = 0; bit < 7; bit++) {
      const flag = [0x20000, 0x2000000, 0x4000000, 0x8000000, CLONE_NEWUSER, 0x20000000, 0x40000000][bit] ?? 0
      expect(clone(several, flag | 17)).toBe(EPERM)
    }
    expect([clone(alone, 17), clone(alone, CLONE_THREAD), verdict(alone, X86_64, 57), verdict(alone, X86_64, 58)])
      .toEqual([EPERM, EPERM, EPERM, EPERM])
    // clone3 has its flags in memory, where no filter looks.
    expect(verdict(several, X86_64, 435)).toBe(ENOSYS)
  })

  it('lets a program ask what a pipe knows, and nothing that changes a terminal or a file', () => {
    const ioctl = (request: number) => verdict(seccompFilter('x64'), X86_64, 16, [0, request])
    expect([ioctl(0x5401), ioctl(0x541b)]).toEqual([ALLOW, ALLOW])
    for (const request of [0x5412, 0x541c, 0x40086602, 0x401c5820, 0xb702]) expect(ioctl(request)).toBe(ENOTTY)
  })

  it('lets a program do with a descriptor what it likes but make a pipe larger', () => {
    const fcntl = (command: number) => verdict(seccompFilter('x64'), X86_64, 72, [3, command])
    expect([fcntl(0), fcntl(2), fcntl(4), fcntl(1030), fcntl(1031), fcntl(1032)])
      .toEqual([ALLOW, ALLOW, ALLOW, ALLOW, EPERM, ALLOW])
  })

  it('knows no call of another ABI: 32 bits, or x32', () => {
    const filter = seccompFilter('x64')
    expect(verdict(filter, I386, 3)).toBe(ENOSYS)
    expect(verdict(filter, X86_64, 0x40000000)).toBe(ENOSYS)
    expect(verdict(filter, X86_64, 0xffffffff)).toBe(ENOSYS)
  })

  it('seccompFilter() refuses hosts that it does not know', () => {
    expect(() => seccompFilter('mips')).toThrow(/add a row for mips/)
  })
})
