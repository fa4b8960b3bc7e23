import { Buffer } from 'node:buffer'
import { describe, expect, it } from 'vitest'
import { readCore } from '../../../src/elf/core.ts'
import { ElfError } from '../../../src/elf/error.ts'
import { bytesSource } from '../../../src/elf/source.ts'
import { makeCore, makeNote } from '../../helpers/patched_core.ts'

function refusal(bytes: Uint8Array): string {
  try {
    readCore(bytesSource(bytes))
    return ''
  } catch (error) {
    if (error instanceof ElfError) return `${error.code}: ${error.message}`
    throw error
  }
}

/** A core whose first note is an ordinary one, and whose second has this owner. */
function coreWithNote(owner: string): Uint8Array {
  const rest = Buffer.concat([makeNote('CORE', 1, new Uint8Array(336)), makeNote(owner, 0, new Uint8Array(8))])
  return makeCore([{ type: 4, offset: 120n, fileSize: BigInt(rest.length) }], rest)
}

describe('what is no core of a Linux process', () => {
  it.each([
    ['gzip', '\x1f\x8b\x08', 'packed: it is packed by gzip; unpack it'],
    ['bzip2', 'BZh91AY&SY', 'packed: it is packed by bzip2; unpack it'],
    ['a zip archive', 'PK\x03\x04\x14', 'packed: it is a zip archive; unpack it'],
    [
      "apport's .crash",
      'ProblemType: Crash\nArchitecture: amd64\n',
      "packed: it is apport's report; take CoreDump out",
    ],
    ['kdump-compressed', 'KDUMP   \x06', "foreign: it is a kernel's memory (kdump-compressed); read it with crash(8)"],
    ['a minidump', 'MDMP\x93\xa7', 'foreign: it is a minidump; make a core of it'],
    ['Mach-O', '\xcf\xfa\xed\xfe\x07', 'foreign: it is a Mach-O file; read it with lldb on macOS'],
  ])('is named by its first bytes, with what to do: %s', (_, head, sentence) => {
    expect(refusal(Buffer.from(head.padEnd(600, '\0'), 'latin1'))).toContain(sentence)
  })

  it.each([
    ['FreeBSD', 'foreign: it is a core of FreeBSD'],
    ['NetBSD-CORE@1', 'foreign: it is a core of NetBSD'],
    ['OpenBSD', 'foreign: it is a core of OpenBSD'],
    ['VMCOREINFO', "foreign: it is a kernel's memory (vmcore); read it with crash(8)"],
    ['QEMU', "foreign: it is a virtual machine's memory (QEMU); read it with crash(8)"],
  ])('is named by the owner of one of its notes: %s', (owner, sentence) => {
    expect(refusal(coreWithNote(owner))).toContain(sentence)
  })

  it.each([[9, 'FreeBSD'], [2, 'NetBSD'], [12, 'OpenBSD']])('is named by its EI_OSABI %i: %s', (abi, name) => {
    const core = coreWithNote('LINUX')
    core[7] = abi
    expect(refusal(core)).toContain(`foreign: it is a core of ${name}`)
  })

  it('is not what Linux writes: EI_OSABI 0 or 3, notes of CORE and LINUX', () => {
    for (const abi of [0, 3]) {
      const core = coreWithNote('LINUX')
      core[7] = abi
      expect(refusal(core)).toBe('')
    }
  })
})
