/** What a task asks its client for. */
import { describe, expect, it } from 'vitest'
import { spansLeftOut, wantedOf } from '../../../workers/retrace/wanted.ts'

type Said = Parameters<typeof wantedOf>[1]

const LEFT_OUT = {
  maker: 'test 1',
  ranges: [{ start: 0x10000n, end: 0x20000n, flags: 6 }, { start: 0x40000n, end: 0x40100n, flags: 6 }],
}

function said(...addresses: bigint[]): Said {
  const text = addresses.map((address) => `<error: Cannot access memory at address 0x${address.toString(16)}>`).join(
    ', ',
  )
  return { threads: [{ text, stop: undefined, values: new Map() }], missed: [] } as unknown as Said
}

describe('spansLeftOut()', () => {
  it('has all that was left out in 64 spans at most, broken where most lies between, and no address above 2^53', () => {
    expect(spansLeftOut({ leftOut: LEFT_OUT })).toEqual([
      { start: 0x10000n, length: 0x10000 },
      { start: 0x40000n, length: 256 },
    ])
    expect(spansLeftOut({})).toEqual([])
    const range = (at: number, gap: number) => {
      const start = BigInt(at) * 8192n + BigInt(Math.floor(at / 10)) * BigInt(gap)
      return { start, end: start + 512n, flags: 6 }
    }
    const ranges = [...Array.from({ length: 60_000 }, (_, at) => range(at, 1 << 20)), {
      start: 2n ** 64n - 8192n,
      end: 2n ** 64n - 4096n,
      flags: 5,
    }]
    const spans = spansLeftOut({ leftOut: { maker: '', ranges } })
    expect(spans).toHaveLength(64)
    const isIn = (start: bigint) =>
      spans.some((each) => start >= each.start && start < each.start + BigInt(each.length))
    expect(ranges.filter(({ start }) => !isIn(start))).toEqual(ranges.slice(-1))
    expect(spans.every(({ start, length }, at) => start + BigInt(length) < (spans[at + 1]?.start ?? 2n ** 53n))).toBe(
      true,
    )
  })
})

describe('wantedOf()', () => {
  it('asks for whole pieces around what could not be read, where it was left out', () => {
    expect(wantedOf({ leftOut: LEFT_OUT }, said(0x10234n), [])).toEqual([{ start: 0x10200n, length: 2048 }])
    expect(wantedOf({ leftOut: LEFT_OUT }, said(0x400f0n), [])).toEqual([{ start: 0x40000n, length: 256 }])
    expect(wantedOf({ leftOut: LEFT_OUT }, { threads: [], missed: [0x10000n, 0x10100n] }, [])).toEqual([
      { start: 0x10000n, length: 2048 },
    ])
  })

  it('asks for nothing that nobody left out, nor where there are no values', () => {
    expect(wantedOf({ leftOut: LEFT_OUT }, said(0x20000n, 0n, 2n ** 64n - 1n), [])).toEqual([])
    expect(wantedOf({}, said(0x10234n), [])).toEqual([])
    expect(wantedOf({ leftOut: LEFT_OUT, keptBack: LEFT_OUT }, said(0x10234n), [])).toEqual([])
  })

  it('asks for nothing twice', () => {
    const [first] = wantedOf({ leftOut: LEFT_OUT }, said(0x10234n), [])
    expect(wantedOf({ leftOut: LEFT_OUT }, said(0x10234n), first === undefined ? [] : [first])).toEqual([])
  })

  it('asks for 1 MiB in 480 ranges at most, in time that does not grow with what was left out', () => {
    const ranges = Array.from(
      { length: 60_000 },
      (_, at) => ({ start: BigInt(at) << 16n, end: (BigInt(at) << 16n) + 4096n, flags: 6 }),
    )
    const missed = Array.from({ length: 20_000 }, (_, at) => BigInt(at) << 16n)
    const wanted = wantedOf({ leftOut: { maker: '', ranges } }, { threads: [], missed }, [])
    expect(wanted).toHaveLength(480)
    // The crashed thread's own, before all others, wherever it lies.
    const high = 0x7fff_0000_0200n
    const stack = { start: 0x7fff_0000_0000n, end: 0x7fff_0001_0000n, flags: 6 }
    const first = wantedOf({ leftOut: { maker: '', ranges: [...ranges, stack] } }, { ...said(high), missed }, [])
    expect(first).toHaveLength(480)
    expect(first.at(-1)).toEqual({ start: high, length: 2048 })
    const all = wantedOf({ leftOut: { maker: '', ranges: [{ start: 0n, end: 1n << 40n, flags: 6 }] } }, {
      threads: [],
      missed: Array.from({ length: 20_000 }, (_, at) => BigInt(at) * 2048n),
    }, [])
    expect(all).toEqual([{ start: 0n, length: 2 ** 20 }])
  })
})
