import { describe, expect, it } from 'vitest'
import { architectureNamed, architectureOf, architectureRow, ARCHITECTURES } from '../../../src/elf/architecture.ts'

describe('the table of architectures', () => {
  it('the table of architectures has one row for each of the seven', () => {
    expect(ARCHITECTURES.map((row) => row.name)).toEqual([
      'amd64',
      'i386',
      'arm64',
      'armhf',
      'ppc64el',
      's390x',
      'riscv64',
    ])
  })

  it.each([
    ...['x86_64:amd64', 'amd64:amd64', 'i586:i386', 'i686:i386', 'i386:i386', 'aarch64:arm64', 'arm64:arm64'],
    ...['armv7l:armhf', 'armv7hl:armhf', 'armv8l:armhf', 'armhfp:armhf', 'armhf:armhf', 'ppc64le:ppc64el'],
    ...['ppc64el:ppc64el', 's390x:s390x', 'riscv64:riscv64'],
  ])("knows the client's word and its architecture: %s", (pair) => {
    const [word = '', name] = pair.split(':')
    expect(architectureNamed(word)).toBe(name)
  })

  it("the table of architectures does not know words of other machines, or objects' own properties", () => {
    for (const word of ['mips', 'ppc64', 'armel', 'X86_64', '', 'constructor', '__proto__', 'x32']) {
      expect(architectureNamed(word)).toBeUndefined()
    }
  })

  it('gives no word to two architectures', () => {
    const words = ARCHITECTURES.flatMap((
      row,
    ) => [...new Set([row.name, row.basearch, row.abrt, ...row.rpm, ...row.uname])])
    expect(new Set(words).size).toBe(words.length)
  })

  it('finds every row by class, byte order and e_machine, and x32 and big-endian ppc64 by none', () => {
    for (const row of ARCHITECTURES) {
      expect(architectureOf(row.class, row.littleEndian, row.machine)).toBe(row.name)
      expect(architectureRow(row.name)).toBe(row)
    }
    expect(architectureOf(32, true, 62)).toBeUndefined()
    expect(architectureOf(64, false, 21)).toBeUndefined()
  })
})
