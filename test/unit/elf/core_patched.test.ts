/** Cores that are rare or wrong: real ones with some numbers changed, and small ones made from nothing. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { afterAll, describe, expect, it } from 'vitest'
import { join } from 'node:path'
import { ARCHITECTURES } from '../../../src/elf/architecture.ts'
import { type Core, readCore } from '../../../src/elf/core.ts'
import { ElfError } from '../../../src/elf/error.ts'
import { type ByteSource, bytesSource } from '../../../src/elf/source.ts'
import { fixtureCore } from '../../helpers/cores.ts'
import { cpuMilliseconds } from '../../helpers/cpu.ts'
import { makeCore, makeNote, numberBytes, type Patch, patched } from '../../helpers/patched_core.ts'

const folder = mkdtempSync(join(tmpdir(), 'elf-patched-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const fixture = fixtureCore('amd64', folder)
const bytes = new Uint8Array(readFileSync(fixture.core))
const whole = readCore(bytesSource(bytes))
const NT_FILE = 0x46494c45n
const notesStart = 0x660

/** Offset in the file of a note's head, by its type. */
function noteAt(type: bigint, base: Uint8Array = bytes, littleEndian = true): number {
  const wanted = numberBytes(type, 4, littleEndian)
  for (let at = 0; at < 65_536; at += 4) {
    if (wanted.every((byte, index) => base[at + index] === byte)) return at - 8
  }
  throw new Error(`The fixture has no note of type ${type}`)
}

function patch(offset: number, value: bigint, width: 1 | 2 | 4 | 8, littleEndian = true): Patch {
  return { offset, bytes: numberBytes(value, width, littleEndian) }
}

function failure(source: ByteSource): ElfError {
  try {
    readCore(source)
  } catch (error) {
    if (error instanceof ElfError) return error
    throw error
  }
  throw new Error('The core was read, an ElfError was expected')
}

function ids(core: Core): (string | undefined)[] {
  return core.modules.map((module) => module.buildId)
}

describe('readCore() of a core in which no segment may be executed', () => {
  it('finds the modules all the same: the flags tell nothing then', () => {
    const count = new DataView(bytes.buffer, bytes.byteOffset).getUint16(56, true)
    const flags = Array.from({ length: count }, (_, index) => 64 + index * 56 + 4)
    const core = readCore(patched(bytes, flags.map((at) => patch(at, BigInt((bytes[at] ?? 0) & ~1), 4))))
    expect(core.segments.some((each) => (each.flags & 1) !== 0)).toBe(false)
    const names = core.modules.map(({ kind, path }) => [kind, path])
    expect(names).toEqual(expect.arrayContaining(whole.modules.map(({ kind, path }) => [kind, path])))
    expect(names[0]).toEqual(['executable', whole.modules[0]?.path])
  })
})

describe('readCore() without NT_FILE', () => {
  it.each(ARCHITECTURES)(
    'finds the modules of $name by their dumped first pages, and names them by the linker',
    (row) => {
      const other = fixtureCore(row.name, folder)
      const base = new Uint8Array(readFileSync(other.core))
      const core = readCore(
        patched(base, [patch(noteAt(NT_FILE, base, row.littleEndian) + 8, 0x1234n, 4, row.littleEndian)]),
      )
      expect(core.files).toEqual([])
      for (const { buildId, name } of other.buildIds) {
        const module = core.modules.find((each) => each.buildId === buildId)
        expect(module, name).toBeDefined()
        if (name.startsWith('/lib/') && !/\/ld/.test(name)) expect(module?.path).toBe(name)
        if (/\/ld/.test(name)) expect(module?.path).toMatch(/\/ld(64|-linux)/)
      }
      expect(core.modules[0]).toMatchObject({ kind: 'executable', path: '/usr/bin/crash' })
      expect(core.modules.filter((module) => module.kind === 'vdso')).toHaveLength(1)
      expect(ids(core)).toEqual(ids(readCore(bytesSource(base))))
    },
  )
})

describe('readCore() with more program headers than e_phnum can say (PN_XNUM)', () => {
  const note = makeNote('CORE', 6, new Uint8Array(16))
  const count = 70_000
  const notes = { type: 4, offset: BigInt(64 + (count + 1) * 56), fileSize: BigInt(note.length) }
  const loads = Array.from({ length: count }, (_, index) => ({
    type: 1,
    offset: notes.offset,
    address: BigInt(index) * 8192n,
    fileSize: 0n,
    memorySize: 4096n,
  }))

  it('takes the number from section header 0', () => {
    const section = new Uint8Array(64)
    section.set(numberBytes(BigInt(count + 1), 4), 44)
    const rest = new Uint8Array([...note, ...section])
    const core = makeCore([notes, ...loads], rest, { count: 0xffff, sectionOffset: notes.offset + notes.fileSize })
    expect(readCore(bytesSource(core)).segments).toHaveLength(count)
  })

  it('takes it from where the notes begin, when the section header was cut off', () => {
    const core = makeCore([notes, ...loads], note, { count: 0xffff, sectionOffset: notes.offset + 1_000_000n })
    expect(readCore(bytesSource(core)).segments).toHaveLength(count)
  })

  it('reads a core whose e_phnum was changed to 0xffff as it was', () => {
    expect(ids(readCore(patched(bytes, [patch(56, 0xffffn, 2)])))).toEqual(ids(whole))
  })

  it('refuses when nothing tells the number', () => {
    expect(failure(patched(bytes, [patch(56, 0xffffn, 2), patch(64, 1n, 4)])).code).toBe('truncated')
  })
})

describe('readCore() of both classes and byte orders', () => {
  it.each([[32, true], [32, false], [64, true], [64, false]] as const)(
    'reads notes of class %i, little-endian %s',
    (elfClass, littleEndian) => {
      const word = elfClass === 64 ? 8 : 4
      const vector = new Uint8Array([
        ...numberBytes(9n, word, littleEndian),
        ...numberBytes(0x1234n, word, littleEndian),
      ])
      const numbers = [1n, 4096n, 0x10000n, 0x12000n, 3n].flatMap((
        value,
      ) => [...numberBytes(value, word, littleEndian)])
      const mapped = new Uint8Array([...numbers, ...new TextEncoder().encode('/a file\0')])
      const notes = new Uint8Array([
        ...makeNote('CORE', 6, vector, littleEndian),
        ...makeNote('CORE', Number(NT_FILE), mapped, littleEndian),
      ])
      const start = BigInt(elfClass === 64 ? 64 + 56 : 52 + 32)
      const made = makeCore([{ type: 4, offset: start, fileSize: BigInt(notes.length) }], notes, {
        class: elfClass,
        littleEndian,
        machine: 8,
      })
      const core = readCore(bytesSource(made))
      expect(core.ident).toEqual({ class: elfClass, littleEndian, machine: 8 })
      expect(core.architecture).toBeUndefined()
      expect(core.auxv).toEqual(new Map([[9, 0x1234n]]))
      expect(core.files).toEqual([{ start: 0x10000n, end: 0x12000n, fileOffset: 0x3000n, path: '/a file' }])
    },
  )
})

describe('readCore() of what is no core', () => {
  it.each([
    ['nothing', new Uint8Array(0), 'not-elf'],
    ['text', new TextEncoder().encode('this is not a core, but a text that is long enough for a header.'), 'not-elf'],
    ['zeros', new Uint8Array(4096), 'not-elf'],
    ['the first 10 bytes of a core', bytes.slice(0, 10), 'truncated'],
    ['the first 100 bytes of a core', bytes.slice(0, 100), 'truncated'],
  ])('refuses %s', (_, content, code) => {
    const error = failure(bytesSource(content))
    expect(error.code).toBe(code)
    expect(error.message).toMatch(/^The file .*(send the|after \d+ bytes)/)
  })

  it('refuses a program, an x32 core, an unknown class and odd program headers', () => {
    expect(failure(patched(bytes, [patch(16, 3n, 2)])).code).toBe('not-core')
    expect(failure(bytesSource(makeCore([], new Uint8Array(0), { class: 32, machine: 62 }))).code).toBe('unsupported')
    expect(failure(patched(bytes, [patch(4, 9n, 1)])).code).toBe('malformed')
    expect(failure(patched(bytes, [patch(54, 32n, 2)])).code).toBe('malformed')
    expect(failure(patched(bytes, [patch(56, 0n, 2)])).code).toBe('malformed')
  })
})

describe('readCore() of a core whose numbers lie', () => {
  it('says what is missing when p_filesz is 2^62', () => {
    const core = readCore(patched(bytes, [patch(64 + 56 + 32, 1n << 62n, 8)]))
    expect(core.truncated).toEqual({ missingBytes: (1n << 62n) - BigInt(bytes.length - 0x4000), segments: 1 })
    expect(core.segments[0]?.dumped).toBe(4096n)
    expect(ids(core)).toEqual(ids(whole))
  })

  it('takes no file from an NT_FILE that counts 2^40, and finds the modules without it', () => {
    const at = noteAt(NT_FILE)
    const core = readCore(patched(bytes, [patch(at + 12 + 8, 1n << 40n, 8)]))
    expect(core.files).toEqual([])
    expect(new Set(ids(core))).toEqual(new Set(ids(whole)))
  })

  it('stops at a note of 2^32-1 bytes, and keeps what came before', () => {
    const core = readCore(patched(bytes, [patch(noteAt(NT_FILE) + 4, 0xffffffffn, 4)]))
    expect(core.threads).toHaveLength(1)
    expect(core.files.map((file) => file.path)).toEqual(whole.files.map((file) => file.path))
    expect(readCore(patched(bytes, [patch(notesStart, 0xffffffffn, 4)])).threads).toEqual([])
  })

  it('walks a link map that leads back to itself once', () => {
    const maps = linkMapAddresses()
    const [first = 0n, second = 0n] = maps
    const core = readCore(patched(bytes, [patch(fileOffset(second) + 24, first, 8)]))
    expect(maps.length).toBeGreaterThan(3)
    expect(ids(core)).toEqual(ids(whole))
    expect(core.modules.filter((module) => module.linkName !== undefined).length).toBeLessThan(
      whole.modules.filter((module) => module.linkName !== undefined).length,
    )
  })

  it('reads each byte once when all segments are the same part of the file', () => {
    const patches = whole.segments.map((_, index) => patch(64 + (index + 1) * 56 + 8, 0x4000n, 8))
    const core = readCore(patched(bytes, patches))
    expect(core.modules.length).toBeLessThan(20)
    expect(core.threads).toEqual(whole.threads)
  })

  it('readCore() takes seconds at most for a million notes, or for one image at 30,000 places', () => {
    const note = makeNote('CORE', 0, new Uint8Array(0))
    const many = new Uint8Array(note.length * 1_000_000)
    many.set(note)
    for (let done = note.length; done < many.length; done *= 2) many.copyWithin(done, 0, done)
    const inTime = (core: Uint8Array) => cpuMilliseconds(() => readCore(bytesSource(core)))
    expect(inTime(makeCore([{ type: 4, offset: 120n, fileSize: BigInt(many.length) }], many))).toBeLessThan(5000)
    const image = bytes.slice(0x4000, 0x5000)
    const pages = Array.from({ length: 30_000 }, (_, index) => ({
      type: 1,
      flags: 5,
      offset: BigInt(64 + 30_000 * 56),
      address: BigInt(index) * 0x100000n,
      fileSize: 4096n,
    }))
    expect(inTime(makeCore(pages, image, { count: 0xffff, sectionOffset: 0n }).fill(4, 64, 65))).toBeLessThan(5000)
  })
})

/** Addresses of the fixture's link maps, found the long way: from the chain that begins with the main program's. */
function linkMapAddresses(): bigint[] {
  const view = new DataView(bytes.buffer)
  const libc = whole.modules.find((module) => module.path.endsWith('/libc.so.6'))
  const word = (address: bigint) => view.getBigUint64(fileOffset(address), true)
  const addresses: bigint[] = []
  for (const segment of whole.segments.filter((each) => (each.flags & 2) !== 0 && each.dumped < 0x100000n)) {
    for (let at = 0n; at + 40n <= segment.dumped; at += 8n) {
      if (word(segment.start + at) !== libc?.start) continue
      let address = segment.start + at
      if (!isMapped(word(address + 32n)) || !isMapped(word(address + 24n))) continue
      while (isMapped(word(address + 32n))) address = word(address + 32n)
      for (; address !== 0n && isMapped(address) && addresses.length < 20; address = word(address + 24n)) {
        addresses.push(address)
      }
      if (addresses.length > 3) return addresses
      addresses.length = 0
    }
  }
  return addresses
}

function isMapped(address: bigint): boolean {
  return whole.segments.some((each) => address >= each.start && address + 40n <= each.start + each.dumped)
}

function fileOffset(address: bigint): number {
  const segment = whole.segments.find((each) => address >= each.start && address < each.start + each.dumped)
  if (segment === undefined) throw new Error('The fixture does not hold that address')
  return Number(segment.fileOffset + address - segment.start)
}
