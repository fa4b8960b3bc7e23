import { Buffer } from 'node:buffer'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { BLOCK, CoreFile, dataRuns } from '../../../src/spool/core_file.ts'
import { FreeSpace } from '../../../src/spool/free_space.ts'
import { property } from '../../helpers/properties.ts'

// The real one, counted.
vi.mock('node:fs', async (importOriginal) => {
  const original = await importOriginal<typeof import('node:fs')>()
  return { ...original, writeSync: vi.fn(original.writeSync) }
})

const MIB = 1024 * 1024
let folder: string
let files = 0

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'retrace-core-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function reservation(free = Infinity, minFreeMb = 0) {
  return new FreeSpace(folder, { minFreeMb }, () => free).reserve(0)
}

/** Writes `content` in pieces and returns the path of the file. */
async function written(content: Buffer, pieces: number, free = Infinity): Promise<string> {
  const path = join(folder, `core-${files++}`)
  await using file = await CoreFile.create(path, reservation(free))
  for (let at = 0; at < content.length; at += pieces) await file.write(content.subarray(at, at + pieces), at)
  await file.finish(content.length)
  return path
}

describe('CoreFile', () => {
  it.each([100, 4096, 5000, 65_536, 3 * MIB])('holds what was written in pieces of %i bytes', async (pieces) => {
    const content = Buffer.concat([
      randomBytes(pieces === 100 ? 20_000 : 2 * MIB + 5),
      Buffer.alloc(3 * MIB),
      Buffer.from('x'),
      Buffer.alloc(MIB),
    ])
    const path = await written(content, pieces)
    expect(readFileSync(path).equals(content)).toBe(true)
  })

  it('takes no more of the disk than `fallocate --dig-holes` leaves', async () => {
    const content = Buffer.alloc(8 * MIB)
    for (let block = 0; block < content.length / BLOCK; block += 3) content[block * BLOCK + block] = 1
    const path = await written(content, 65_536 + 512)
    expect(readFileSync(path).equals(content)).toBe(true)
    const before = statSync(path).blocks
    execFileSync('fallocate', ['--dig-holes', path])
    expect(before).toBe(statSync(path).blocks)
  })

  it('CoreFile makes a file of 0600 whatever the umask', async () => {
    expect(statSync(await written(Buffer.from('x'), 1)).mode & 0o777).toBe(0o600)
  })

  it('answers 507 before the block is written that would take the free space under the minimum', async () => {
    for (const pieces of [4096, 65_536, 2 * MIB]) {
      const path = join(folder, `core-${files++}`)
      // What the file takes is no longer free.
      const space = new FreeSpace(
        folder,
        { minFreeMb: 1 },
        () => 5 * MIB - (statSync(path, { throwIfNoEntry: false })?.blocks ?? 0) * 512,
      )
      const content = randomBytes(10 * MIB)
      const write = async () => {
        await using file = await CoreFile.create(path, space.reserve(MIB))
        for (let at = 0; at < content.length; at += pieces) await file.write(content.subarray(at, at + pieces), at)
        await file.finish(content.length)
      }
      await expect(write()).rejects.toMatchObject({ code: 'no-space' })
      expect(statSync(path).size).toBeLessThanOrEqual(4 * MIB)
      expect(statSync(path).size).toBeGreaterThan(MIB)
    }
  })

  it.each([[512, 1024], [512, 4096], [4096, 4096], [100, 5000], [3000, 7000]])(
    'writes parts of %i bytes, one in each %i, in large pieces where no block between them is empty',
    async (length, step) => {
      const parts = 5000
      const path = join(folder, `core-${files++}`)
      const part = Buffer.alloc(length, 7)
      const content = Buffer.alloc(parts * step)
      vi.mocked(writeSync).mockClear()
      {
        await using file = await CoreFile.create(path, reservation())
        for (let at = 0; at < content.length; at += step) {
          await file.write(part, at)
          part.copy(content, at)
        }
        await file.finish(content.length)
      }
      // A part in a block of its own, behind an empty one, is a write of its own; no other is.
      const apart = step > 2 * BLOCK ? parts : parts * Math.max(0, step - BLOCK) / BLOCK
      expect(vi.mocked(writeSync).mock.calls.length).toBeLessThan(apart + parts / 2)
      expect(readFileSync(path).equals(content)).toBe(true)
      const { blocks } = statSync(path)
      execFileSync('fallocate', ['--dig-holes', path])
      expect(blocks).toBe(statSync(path).blocks)
    },
  )

  it('counts what it writes, not the holes', async () => {
    const content = Buffer.alloc(100 * MIB)
    content[50 * MIB] = 1
    const path = await written(content, MIB, BLOCK)
    expect(statSync(path).size).toBe(100 * MIB)
  })
})

describe('dataRuns()', () => {
  it('leaves out zeros only, and every block that is zero', () => {
    const piece = fc.record({ zero: fc.boolean(), length: fc.integer({ min: 1, max: 9000 }) })
    property(
      fc.record({ pieces: fc.array(piece, { maxLength: 6 }), position: fc.nat(10_000) }),
      ({ pieces, position }) => {
        const chunk = Buffer.concat(pieces.map(({ zero, length }) => Buffer.alloc(length, zero ? 0 : 1)))
        const copy = Buffer.alloc(chunk.length)
        let written = 0
        for (const { start, end } of dataRuns(chunk, position)) {
          expect(end).toBeGreaterThan(start)
          copy.set(chunk.subarray(start, end), start)
          written += end - start
        }
        expect(copy.equals(chunk)).toBe(true)
        let wanted = 0
        for (let at = 0; at < chunk.length;) {
          const end = Math.min(chunk.length, at + BLOCK - (position + at) % BLOCK)
          if (chunk.subarray(at, end).some((byte) => byte !== 0)) wanted += end - at
          at = end
        }
        expect(written).toBe(wanted)
      },
    )
  })
})
