/** Cores and ELF files, as uploads and packages bring them. */
import { Buffer } from 'node:buffer'
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readCore } from '../../../src/elf/core.ts'
import { withoutEmpty } from '../../../src/elf/empty_segments.ts'
import { ElfError } from '../../../src/elf/error.ts'
import { readElfFile } from '../../../src/elf/file.ts'
import { readIdentity, readNotes } from '../../../src/elf/note.ts'
import { otherKind } from '../../../src/elf/other_kind.ts'
import { bytesSource } from '../../../src/elf/source.ts'
import { withoutDwarf } from '../../../src/elf/without_dwarf.ts'
import { installationRoot } from '../../../src/program/program.ts'
import { MIB } from '../../../src/units/bytes.ts'
import { temporaryFolder } from '../../helpers/folder.ts'
import { makeElf } from '../../helpers/made_elf.ts'
import { ORDINARY, type Target } from '../target.ts'

const isOurs = (error: unknown) => error instanceof ElfError
const CORES = join(installationRoot(), 'test/fixtures/cores')
const HEADERS = { class: 64, littleEndian: true, machine: 62 } as const
const OWNERS = ['CORE\0', 'LINUX\0', 'GNU\0', 'FDO\0', 'FreeBSD\0', 'NetBSD-CORE\0', 'VMCOREINFO\0', 'QEMU\0']

/** A real core of each architecture, up to where memory is that nothing of the reader needs. */
function realCores(): Uint8Array[] {
  return readdirSync(CORES).filter((name) => !name.includes('.') && name !== 'make-kernel-core').map((name) =>
    execFileSync('xz', ['-dc', join(CORES, name, 'core.xz')], { maxBuffer: 64 * MIB }).subarray(0, MIB)
  )
}

export const core: Target = {
  seeds: realCores,
  words: ['\x7fELF', '\x02\x01', '\x01\x02', '\x04\0', ...OWNERS, '\x46\x4c\x45\x4e', '\xff\xff'],
  maxBytes: MIB,
  read: (input) => {
    const found = readCore(bytesSource(input))
    return [found.modules, found.threads, found.process]
  },
  isOurs,
  cost: { ms: 250, msPerKib: 2, mib: 96, mibPerKib: 0.5 },
  weight: 4,
}

export const elf: Target = {
  async seeds() {
    await using folder = await temporaryFolder()
    const made = makeElf(folder.path, 'seed')
    return [made.binary, made.debug, made.unstripped].map((path) => readFileSync(path))
  },
  words: ['\x7fELF', '.debug_info\0', '.gnu_debugaltlink\0', '.gnu_debuglink\0', '.note.gnu.build-id\0', '.shstrtab\0'],
  maxBytes: 256 * 1024,
  read: (input) => [readElfFile(bytesSource(input)), withoutDwarf(bytesSource(input)).kept],
  isOurs,
  cost: ORDINARY,
  weight: 2,
}

export const notes: Target = {
  seeds: () => OWNERS.map((owner) => note(owner, 3, Buffer.alloc(20, 0xab))),
  words: [...OWNERS, '\x03\0\0\0', '\x7e\x1a\xfe\xca', '{"type":"deb","name":"x"}', '\xff\xff\xff\xff'],
  maxBytes: 64 * 1024,
  read: (input) => {
    const area = { offset: 0, length: input.length, align: input.length % 2 === 0 ? 4 : 8, limit: 100_000 }
    const identity = { buildId: undefined, packageNote: undefined }
    readIdentity(bytesSource(input), HEADERS, area, identity)
    return [identity, [...readNotes(bytesSource(input), HEADERS, area)].length]
  },
  isOurs: () => false,
  cost: ORDINARY,
}

/** What of a table of program headers gdb is given. */
export const headers: Target = {
  seeds: () => realCores().map((each) => each.subarray(64, 64 + 56 * 64)),
  words: ['\x01\0\0\0', '\x04\0\0\0'],
  maxBytes: 56 * 1024,
  read: (input) => withoutEmpty(input, HEADERS, { fileSize: 4096, claims: new Map() })?.length,
  isOurs,
  cost: ORDINARY,
}

export const kinds: Target = {
  seeds: () =>
    ['MDMP', '\xfe\xed\xfa\xcf', 'KDUMP   ', 'makedumpfile', 'ProblemType: Crash\n', 'PK\x03\x04', 'BZh9'].map(latin),
  words: ['\x7fELF', '\xce\xfa\xed\xfe', '\x28\xb5\x2f\xfd', '\xfd7zXZ\0', '\x1f\x8b'],
  maxBytes: 4096,
  read: otherKind,
  isOurs: () => false,
  cost: ORDINARY,
  weight: 0.5,
}

function note(owner: string, type: number, descriptor: Uint8Array): Buffer {
  const head = Buffer.alloc(12)
  head.writeUInt32LE(owner.length, 0)
  head.writeUInt32LE(descriptor.length, 4)
  head.writeUInt32LE(type, 8)
  const name = Buffer.alloc(Math.ceil(owner.length / 4) * 4)
  name.write(owner, 'latin1')
  return Buffer.concat([head, name, descriptor])
}

function latin(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}
