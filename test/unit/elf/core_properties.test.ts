/** Properties that hold for every input: an answer or an ElfError, soon, with numbers that the file backs. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ARCHITECTURES } from '../../../src/elf/architecture.ts'
import { type Core, readCore } from '../../../src/elf/core.ts'
import { ElfError } from '../../../src/elf/error.ts'
import { type ElfFile, readElfFile } from '../../../src/elf/file.ts'
import { type ByteSource, bytesSource } from '../../../src/elf/source.ts'
import { fixtureCore, fixtureFiles } from '../../helpers/cores.ts'
import { cpuMilliseconds } from '../../helpers/cpu.ts'
import { numberBytes, patched } from '../../helpers/patched_core.ts'

const RUNS = 1500
/** One answer takes a few milliseconds; this is for a machine that does other work at once. */
const LIMIT_MS = 6000

const cores: { bytes: Uint8Array; places: number[] }[] = []
const programs: Uint8Array[] = []
const folder = mkdtempSync(join(tmpdir(), 'elf-property-'))
try {
  for (const { name } of ARCHITECTURES) {
    const bytes = new Uint8Array(readFileSync(fixtureCore(name, folder).core))
    cores.push({ bytes, places: interestingPlaces(bytes) })
    fixtureFiles(name, folder)
    programs.push(new Uint8Array(readFileSync(join(folder, 'usr/bin/crash'))))
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** The parts of a core that are parsed: headers, notes, first pages of images, the linker's list. */
function interestingPlaces(bytes: Uint8Array): number[] {
  const core = readCore(bytesSource(bytes))
  const small = core.segments.filter((segment) => segment.dumped > 0n && segment.dumped <= 0x30000n)
  const pages = small.filter((segment) => segment.fileOffset > 0n).map((segment) => Number(segment.fileOffset))
  return [0, 0, 0, 0x400, 0x800, 0x1000, 0x1800, 0x2000, ...pages]
}

const numbers = fc.oneof(
  fc.constantFrom(
    0n,
    1n,
    2n,
    0x7fn,
    0xffn,
    0xffffn,
    0x7fffffffn,
    0xffffffffn,
    1n << 40n,
    1n << 62n,
    (1n << 63n) - 1n,
    (1n << 64n) - 1n,
  ),
  fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
  fc.bigInt({ min: 0n, max: 70_000n }),
)

const edits = fc.array(
  fc.record({
    place: fc.nat(),
    within: fc.nat({ max: 0x400 }),
    aligned: fc.boolean(),
    value: numbers,
    width: fc.constantFrom(1 as const, 2 as const, 4 as const, 8 as const),
    littleEndian: fc.boolean(),
  }),
  { minLength: 1, maxLength: 12 },
)

function checked<Answer>(name: string, read: () => Answer, holds: (answer: Answer) => void): void {
  const took = cpuMilliseconds(() => {
    try {
      holds(read())
    } catch (error) {
      if (!(error instanceof ElfError)) throw error
    }
  })
  expect(took, `milliseconds of processor time for ${name}`).toBeLessThan(LIMIT_MS)
}

function coreHolds(core: Core, source: ByteSource): void {
  for (const segment of core.segments) {
    expect(segment.dumped >= 0n && segment.dumped <= segment.memorySize && segment.dumped <= BigInt(source.size)).toBe(
      true,
    )
  }
  for (const module of core.modules) {
    expect(module.buildId ?? '00').toMatch(/^([0-9a-f]{2}){1,64}$/)
    expect(module.start < module.end).toBe(true)
    if (module.packageNote !== undefined) expect(typeof JSON.parse(module.packageNote)).toBe('object')
  }
  expect(core.modules.filter((module) => module.kind === 'executable').length).toBeLessThan(2)
  if (core.truncated !== undefined) expect(core.truncated.missingBytes > 0n).toBe(true)
}

function fileHolds(file: ElfFile): void {
  expect(file.buildId ?? '00').toMatch(/^([0-9a-f]{2}){1,64}$/)
  expect(file.needed.every((name) => name !== '' && name.length <= 4096)).toBe(true)
  if (!file.hasCode) {
    expect([file.interpreter, file.soname, ...file.needed].every((name) => name === undefined)).toBe(true)
  }
}

/** Without shrinking: of a run that takes too long, smaller ones take long, too, for minutes. */
function seeded(): { seed: number; numRuns: number; endOnFailure: true } {
  const seed = Math.floor(Math.random() * 0x7fffffff)
  console.log(`fast-check seed ${seed}, ${RUNS} runs`)
  return { seed, numRuns: RUNS, endOnFailure: true }
}

describe('readCore()', () => {
  it('gives a sound Core or an ElfError, soon, whatever numbers stand in headers, notes and dumped pages', () => {
    const property = fc.property(fc.nat(), edits, fc.option(fc.nat()), (which, changes, cut) => {
      const core = cores[which % cores.length]
      if (core === undefined) throw new Error('There is no fixture')
      const patches = changes.map(({ place, within, aligned, value, width, littleEndian }) => ({
        offset: (core.places[place % core.places.length] ?? 0) + (aligned ? within - within % 4 : within),
        bytes: numberBytes(value, width, littleEndian),
      }))
      const size = cut === null ? core.bytes.length : cut % (cut % 3 === 0 ? 0x4000 : core.bytes.length)
      const source = patched(core.bytes, patches, size)
      checked('a changed core', () => readCore(source), (answer) => coreHolds(answer, source))
    })
    expect(fc.assert(property, seeded())).toBeUndefined()
  })

  it('gives an ElfError or a Core for bytes that begin like a core and go on at random', () => {
    const property = fc.property(fc.nat(), fc.uint8Array({ maxLength: 4096 }), (which, random) => {
      const start = cores[which % cores.length]?.bytes.subarray(0, 64 + which % 800) ?? new Uint8Array(0)
      const source = bytesSource(new Uint8Array([...start, ...random]))
      checked('random bytes', () => readCore(source), (answer) => coreHolds(answer, source))
    })
    expect(fc.assert(property, seeded())).toBeUndefined()
  })
})

describe('readElfFile()', () => {
  it('gives an ElfFile or an ElfError, soon, whatever numbers stand in headers, notes and tables', () => {
    const property = fc.property(fc.nat(), edits, fc.option(fc.nat()), (which, changes, cut) => {
      const program = programs[which % programs.length] ?? new Uint8Array(0)
      const tables = [0, 0, 64, 0x300, program.length - 0xc00, program.length - 0x800, program.length - 0x400]
      const patches = changes.map(({ place, within, value, width, littleEndian }) => ({
        offset: (tables[place % tables.length] ?? 0) + within,
        bytes: numberBytes(value, width, littleEndian),
      }))
      const source = patched(program, patches, cut === null ? program.length : cut % program.length)
      checked('a changed program', () => readElfFile(source), fileHolds)
    })
    expect(fc.assert(property, seeded())).toBeUndefined()
  })
})
