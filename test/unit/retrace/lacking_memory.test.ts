import { describe, expect, it } from 'vitest'
import { cutOffIn, cutSegments } from '../../../workers/retrace/report/lacking_memory.ts'
import { memoryRemarks } from '../../../workers/retrace/words/core.ts'
import { cutOffText } from '../../../workers/retrace/words/loss.ts'

function segment(start: number, [memory, file, dumped]: [number, number, number], flags = 6) {
  return {
    start: BigInt(start),
    memorySize: BigInt(memory),
    fileOffset: 0n,
    fileSize: BigInt(file),
    dumped: BigInt(dumped),
    flags,
  }
}

const core = {
  segments: [
    segment(0x1000, [0x1000, 0x1000, 0x1000]),
    segment(0x4000, [0x2000, 0x1000, 0x400]),
    segment(0x8000, [0x1000, 0x1000, 0]),
  ],
  files: [{ start: 0x4000n, end: 0x6000n, fileOffset: 0n, path: '/usr/lib/liba.so (deleted)' }],
  truncated: { missingBytes: 0x1c00n, segments: 2 },
}

describe('a core that was cut off', () => {
  it('lacks the bytes that its program headers promise, segment by segment', () => {
    expect(cutSegments(core)).toEqual([
      { start: 0x4000n, end: 0x6000n, missingBytes: 0xc00n, path: '/usr/lib/liba.so' },
      { start: 0x8000n, end: 0x9000n, missingBytes: 0x1000n, path: undefined },
    ])
    expect(cutOffIn(core)).toEqual({ missingBytes: 7168n, segments: 2, parts: cutSegments(core) })
    expect(cutOffIn({ ...core, truncated: undefined })).toBeUndefined()
  })

  it('the log of a core that was cut off describes each segment, and what was never dumped', () => {
    expect(memoryRemarks(core)).toEqual([
      'the core is cut off: 7168 bytes of 2 segments are missing (liba.so, memory at 0x8000)',
      'missing: 3072 of 8192 bytes at 0x4000 (/usr/lib/liba.so)',
      'missing: 4096 of 4096 bytes at 0x8000',
      'writable mappings that were not dumped: 1 (4096 bytes); their memory is unavailable',
    ])
  })

  it('names three files or addresses, each once', () => {
    const parts = ['a', 'a', 'b', undefined, 'c'].map((path, index) => (
      { start: BigInt(index), end: 9n, missingBytes: 1n, path: path && `/usr/lib/${path}` }
    ))
    expect(cutOffText({ missingBytes: 5n, segments: 5, parts })).toBe(
      'the core is cut off: 5 bytes of 5 segments are missing (a, b, memory at 0x3, ...)',
    )
  })

  it('lists a hundred segments at most', () => {
    const segments = Array.from({ length: 5000 }, (_, index) => segment(index * 0x1000, [0x1000, 0x1000, 0]))
    expect(cutSegments({ segments, files: [] })).toHaveLength(100)
    expect(memoryRemarks({ ...core, segments }).length).toBeLessThan(103)
  })
})
