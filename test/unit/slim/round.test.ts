/** What is believed of a server that asks for memory, and how it is answered. */
import { Buffer } from 'node:buffer'
import { describe, expect, it } from 'vitest'
import { memoryBody, wantedIn } from '../../../src/slim/round.ts'
import { parseMemory } from '../../../src/upload/memory_records.ts'

describe('what a server wants', () => {
  const status = (wanted: unknown, state = 'PENDING') => wantedIn(JSON.stringify({ state, wanted }))

  it('is ranges of addresses, and nothing that is none', () => {
    const ranges = [
      { start: '0x10', length: 512 },
      { start: '16', length: 1 },
      { start: '0x0', length: 2 ** 21 },
      null,
      7,
      {
        start: '0xfffffffffffffffff',
        length: 1,
      },
      { start: '0x1', length: -1 },
      { start: '0x1', length: 1.5 },
    ]
    expect(status({ round: 2, ranges })).toEqual({ round: 2, ranges: [{ start: 16n, length: 512 }] })
    const within = [{ start: '0x1000', length: 2 ** 40 }, { start: '0x1', length: 0 }, 'x']
    expect(status({ round: 1, ranges: [], within })).toEqual({
      round: 1,
      ranges: [],
      within: [{ start: 4096n, length: 2 ** 40 }],
    })
    expect(status({ round: 1, ranges: [], within: 'all' })).toEqual({ round: 1, ranges: [], within: [] })
    for (const none of [null, 7, {}, { round: 0, ranges }, { round: 'x', ranges }]) {
      expect(status(none)).toEqual({ round: 0, ranges: undefined })
    }
    expect(status({ round: 1, ranges: Array.from({ length: 9999 }, () => ranges[0]) })?.ranges).toHaveLength(512)
  })

  it('is over when the task has ended, or the answer is none', () => {
    expect([status(null, 'FINISHED_SUCCESS'), wantedIn('<html>'), wantedIn('null'), wantedIn('')]).toEqual(
      Array(4).fill(undefined),
    )
  })
})

describe('what it is sent', () => {
  it('are records that the server takes as they were', () => {
    const pages = [{ start: 4096, bytes: Buffer.from('first') }, { start: 2 ** 47 - 8, bytes: Buffer.from('last') }]
    const taken = parseMemory(memoryBody(pages), [{ start: 4096n, length: 2 ** 48 }])
    expect(taken.map(({ start, bytes }) => ({ start: Number(start), bytes: Buffer.from(bytes) }))).toEqual(pages)
    expect(memoryBody([])).toHaveLength(0)
  })
})
