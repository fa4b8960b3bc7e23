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
    ['lzma alone', '\x5d\0\0\x80\0\xff\xff\xff\xff', 'packed: it is packed by lzma; unpack it'],
    ['lz4, as coredumpctl has it', '\x04\x22\x4d\x18', 'packed: it is packed by lz4; make the core with'],
    ['lz4 of old', '\x02\x21\x4c\x18', 'packed: it is packed by lz4; make the core with'],
    ['lrzip', 'LRZI\0\x06', 'packed: it is packed by lrzip'],
    ['snappy', '\xff\x06\0\0sNaPpY', 'packed: it is packed by snappy'],
    ['compress', '\x1f\x9d\x90', 'packed: it is packed by compress'],
    ['zlib', '\x78\x9c\xed', 'packed: it is packed by zlib'],
    ['cpio', '070701000', 'packed: it is a cpio archive'],
    ['a package of Debian', '!<arch>\ndebian-binary', 'packed: it is an ar archive, or a package of Debian'],
    ['a journal of systemd', 'LPKSHHRH\0', 'packed: it is a journal of systemd; take the core out'],
    ['what is encrypted', '-----BEGIN PGP MESSAGE-----', 'packed: it is encrypted; decrypt it'],
    ['LiME', 'EMiL\x01', "foreign: it is a machine's memory (LiME)"],
    ['VMware', '\xd2\xbe\xd2\xbe', "foreign: it is a virtual machine's memory (VMware)"],
    ['Xen', 'LinuxGuestRecord', "foreign: it is a virtual machine's memory (Xen)"],
    ['LKCD', '\xed\x23\x8f\x61\x73\x01\x19\xa8', "foreign: it is a kernel's memory (LKCD)"],
    ['AIX', '\x0b\x01\0\x01\x0f\xee\xdd\xb2', 'foreign: it is a core of AIX; read it with a debugger on that'],
    ['WebAssembly', '\0asm\x01', 'foreign: it is WebAssembly'],
    ['Windows', 'MZ\x90', 'foreign: it is a program of Windows'],
    ['Java', 'JAVA PROFILE 1.0.2', 'foreign: it is the heap of a Java program'],
    ['macOS, as text', '{"app_name":"x"', 'foreign: it is a crash report of macOS'],
    ['Android', '*** *** *** *** ***', 'foreign: it is a tombstone of Android'],
    ['Mach-O', '\xcf\xfa\xed\xfe\x07', 'foreign: it is a Mach-O file; read it with lldb on macOS'],
  ])('is named by its first bytes, with what to do: %s', (_, head, sentence) => {
    expect(refusal(Buffer.from(head.padEnd(600, '\0'), 'latin1'))).toContain(sentence)
  })

  it.each([
    ['FreeBSD', 'foreign: it is a core of FreeBSD'],
    ['NetBSD-CORE@1', 'foreign: it is a core of NetBSD'],
    ['OpenBSD', 'foreign: it is a core of OpenBSD'],
    ['DragonFly', 'foreign: it is a core of DragonFly BSD'],
    ['QNX', 'foreign: it is a core of QNX'],
    ['Haiku', 'foreign: it is a core of Haiku'],
    ['Xen', "foreign: it is a virtual machine's memory (Xen)"],
    ['VBCORE', "foreign: it is a virtual machine's memory (VirtualBox)"],
    ['VMCOREINFO', "foreign: it is a kernel's memory (vmcore); read it with crash(8)"],
    ['QEMU', "foreign: it is a virtual machine's memory (QEMU); read it with crash(8)"],
  ])('is named by the owner of one of its notes: %s', (owner, sentence) => {
    expect(refusal(coreWithNote(owner))).toContain(sentence)
  })

  it.each([10, 13, 16])('is named by a note that only System V has: type %i', (type) => {
    const rest = Buffer.concat([makeNote('CORE', type, new Uint8Array(336))])
    const core = makeCore([{ type: 4, offset: 120n, fileSize: BigInt(rest.length) }], rest)
    expect(refusal(core)).toContain('foreign: it is a core of Solaris, illumos or the Hurd')
  })

  it.each([[9, 'FreeBSD'], [2, 'NetBSD'], [12, 'OpenBSD'], [4, 'the Hurd'], [6, 'Solaris'], [7, 'AIX']])(
    'is named by its EI_OSABI %i: %s',
    (abi, name) => {
      const core = coreWithNote('LINUX')
      core[7] = abi
      expect(refusal(core)).toContain(`foreign: it is a core of ${name}`)
    },
  )

  it('is not what Linux writes: EI_OSABI 0 or 3, notes of CORE and LINUX', () => {
    for (const abi of [0, 3]) {
      const core = coreWithNote('LINUX')
      core[7] = abi
      expect(refusal(core)).toBe('')
    }
  })
})
