import { Buffer } from 'node:buffer'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { bytesSource, fileSource } from '../../../src/elf/source.ts'

const folder = mkdtempSync(join(tmpdir(), 'elf-source-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('fileSource()', () => {
  it('reads what is in the file, wherever and however much is asked for', () => {
    const bytes = Uint8Array.from({ length: 100_003 }, (_, index) => (index * 7919) >> 3)
    const path = join(folder, 'bytes')
    writeFileSync(path, bytes)
    using source = fileSource(path)
    const seed = Math.floor(Math.random() * 0x7fffffff)
    console.log(`fast-check seed ${seed}, 2000 runs`)
    const property = fc.property(fc.nat({ max: 110_000 }), fc.nat({ max: 50_000 }), (offset, length) => {
      const wanted = bytes.slice(offset, offset + length)
      expect(Buffer.compare(source.read(offset, length), wanted)).toBe(0)
      expect(Buffer.compare(bytesSource(bytes).read(offset, length), wanted)).toBe(0)
    })
    fc.assert(property, { seed, numRuns: 2000 })
    expect(source.size).toBe(bytes.length)
  })

  it('gives nothing for offsets and lengths that make no sense', () => {
    writeFileSync(join(folder, 'ten'), '0123456789')
    using source = fileSource(join(folder, 'ten'))
    for (const [offset, length] of [[-1, 5], [11, 1], [2 ** 60, 1], [NaN, 1], [0, -1], [0, NaN], [1.5, 1]] as const) {
      expect(source.read(offset, length)).toHaveLength(0)
      expect(bytesSource(new Uint8Array(10)).read(offset, length)).toHaveLength(0)
    }
    expect(source.read(8, Infinity)).toHaveLength(2)
  })

  it('ends early when the file became shorter after it was opened', () => {
    const path = join(folder, 'shrinks')
    writeFileSync(path, new Uint8Array(100_000))
    using source = fileSource(path)
    truncateSync(path, 50_000)
    expect(source.read(40_000, 60_000)).toHaveLength(10_000)
    expect(source.read(49_990, 100)).toHaveLength(10)
  })
})
