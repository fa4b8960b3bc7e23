import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { acrossGaps, isReadable, readableRegions } from '../../../workers/retrace/gdb/readable_memory.ts'

const R = 4
const W = 2

function segment(start: number, size: number, dumped: number, flags: number) {
  return {
    start: BigInt(start),
    memorySize: BigInt(size),
    fileOffset: 0n,
    fileSize: BigInt(dumped),
    dumped: BigInt(dumped),
    flags,
  }
}

function file(start: number, end: number, path = '/lib/a.so') {
  return { start: BigInt(start), end: BigInt(end), fileOffset: 0n, path }
}

describe('acrossGaps()', () => {
  it('joins regions between which nothing was mapped, and none over memory that was not dumped', () => {
    const segments = [
      segment(0x1000, 0x1000, 0x1000, R),
      segment(0x4000, 0x1000, 0x1000, R),
      segment(0x6000, 0x1000, 0, R | W),
      segment(0x8000, 0x2000, 0x1000, R | W),
      segment(0xb000, 0x1000, 0x1000, R),
    ]
    const regions = readableRegions({ segments, files: [] }, () => true).filter(({ start }) => start !== 0x6000n)
    expect(acrossGaps(regions, { segments })).toEqual([
      { start: 0x1000n, end: 0x5000n },
      { start: 0x8000n, end: 0x9000n },
      { start: 0xb000n, end: 0xc000n },
    ])
  })
})

describe('readableRegions()', () => {
  it('takes the dumped part of a segment alone', () => {
    expect(readableRegions({ segments: [segment(0x1000, 0x3000, 0x1000, R | W)], files: [] }, () => true))
      .toEqual([{ start: 0x1000n, end: 0x2000n }])
  })

  it('adds the read-only mappings of files that are here, and joins what touches', () => {
    const core = {
      segments: [segment(0x1000, 0x2000, 0x1000, R), segment(0x3000, 0x1000, 0x1000, R | W)],
      files: [file(0x1000, 0x3000)],
    }
    expect(readableRegions(core, () => true)).toEqual([{ start: 0x1000n, end: 0x4000n }])
    expect(readableRegions(core, () => false)).toEqual([
      { start: 0x1000n, end: 0x2000n },
      { start: 0x3000n, end: 0x4000n },
    ])
  })

  it('never takes a file for what a process wrote over its mapping', () => {
    const core = { segments: [segment(0x1000, 0x1000, 0, R | W)], files: [file(0x0, 0x3000)] }
    expect(readableRegions(core, () => true)).toEqual([{ start: 0x0n, end: 0x1000n }, { start: 0x2000n, end: 0x3000n }])
  })

  it('trusts read-only mappings of a core that names no files', () => {
    const core = { segments: [segment(0x1000, 0x1000, 0, R), segment(0x5000, 0x1000, 0, R | W)], files: [] }
    expect(readableRegions(core, () => true)).toEqual([{ start: 0x1000n, end: 0x2000n }])
  })

  it('never reads what a sender left out, with or without a list of files', () => {
    const segments = [{ ...segment(0x1000, 0x1000, 0, R), leftOut: true }, segment(0x3000, 0x1000, 0, R)]
    expect(readableRegions({ segments, files: [] }, () => true)).toEqual([{ start: 0x3000n, end: 0x4000n }])
    expect(readableRegions({ segments, files: [file(0x1000, 0x2000)] }, () => true)).toEqual([])
  })

  it('gives sorted regions apart from each other, whatever overlaps, and isReadable() agrees with them', () => {
    const number = fc.integer({ min: 0, max: 60 })
    const segments = fc.array(fc.tuple(number, number, number, fc.constantFrom(R, R | W)))
    const files = fc.array(fc.tuple(number, number))
    fc.assert(
      fc.property(segments, files, (some, mapped) => {
        const core = {
          segments: some.map(([start, size, dumped, flags]) => segment(start, size, Math.min(size, dumped), flags))
            .sort((a, b) => Number(a.start - b.start)),
          files: mapped.map(([start, size]) => file(start, start + size)),
        }
        const regions = readableRegions(core, () => true)
        for (const [index, region] of regions.entries()) {
          expect(region.end > region.start).toBe(true)
          expect(index === 0 || (regions[index - 1]?.end ?? 0n) < region.start).toBe(true)
        }
        for (let address = 0n; address < 130n; address++) {
          const inside = regions.some((region) => address >= region.start && address < region.end)
          expect(isReadable(regions, address)).toBe(inside)
        }
      }),
      { numRuns: 1000 },
    )
  })
})
