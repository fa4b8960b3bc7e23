import { describe, expect, it } from 'vitest'
import { mapOfAll, mapped, outsideId } from '../../../src/process/users.ts'

const ALL = 4_294_967_295

/** Rows of a map as numbers. */
function rows(text: string): { inside: number; outside: number; count: number }[] {
  return text.trim().split('\n').map((line) => {
    const [inside = 0, outside = 0, count = 0] = line.split(' ').map(Number)
    return { inside, outside, count }
  })
}

describe('outsideId()', () => {
  it('is a number that only one process has, and nobody where a container has no such numbers', () => {
    expect(outsideId(1, ALL)).toBe(1_879_048_193)
    expect(outsideId(4_194_303, ALL)).toBe(1_883_242_495)
    expect(outsideId(77, 65_536)).toBe(65_534)
  })

  it('refuses where there is nobody but root and few others', () => {
    expect(() => outsideId(77, 1)).toThrow(/more than 65534 users, got 1/)
  })

  it('refuses where nobody says which users there are', () => {
    expect(() => outsideId(77, 0)).toThrow(/^\/proc is not there/)
  })
})

describe('mapOfAll()', () => {
  it.each([
    ['a machine', outsideId(4242, ALL), ALL],
    ['a container', outsideId(4242, 65_536), 65_536],
    ['a container of as few as can be', outsideId(4242, 65_535), 65_535],
  ])(
    'gives every user of %s a number inside once, the own one that of nobody, and none that of root',
    (_, id, known) => {
      const all = rows(mapOfAll(id, { known, borders: [] }))
      // The last one, of which there is no use, has no number left.
      expect(all.reduce((sum, { count }) => sum + count, 0)).toBeGreaterThanOrEqual(known - 1)
      for (const side of ['inside', 'outside'] as const) {
        const sorted = [...all].sort((one, other) => one[side] - other[side])
        for (const [at, row] of sorted.entries()) {
          const end = (sorted[at - 1]?.[side] ?? 0) + (sorted[at - 1]?.count ?? 0)
          expect(row[side]).toBeGreaterThanOrEqual(end)
        }
      }
      expect(all.find(({ inside }) => inside === 65_534)).toEqual({ inside: 65_534, outside: id, count: 1 })
      expect(all.every(({ inside }) => inside > 0)).toBe(true)
    },
  )
})

describe('mapped()', () => {
  it('reads how many users there are, and none where root is not among them', () => {
    expect(mapped('         0          0 4294967295\n')).toEqual({ known: ALL, borders: [] })
    expect(mapped('         0     100000      65536\n')).toEqual({ known: 65_536, borders: [] })
    expect(mapped('      1000       1000          1\n').known).toBe(0)
    expect(mapped('').known).toBe(0)
  })

  it('reads all rows that follow each other, as those of a container of a user, and of one that keeps his number', () => {
    expect(mapped('0 1000 1\n1 100000 65536\n')).toEqual({ known: 65_537, borders: [1] })
    expect(mapped('0 1 1000\n1000 0 1\n1001 1001 64536\n')).toEqual({ known: 65_537, borders: [1000, 1001] })
    expect(mapped('1 100000 65536\n0 1000 1\n').known).toBe(65_537)
    expect(mapped('0 1000 1\n5 100000 65536\n').known).toBe(1)
  })

  it('no row of a map lies across two of the namespace around it, which the kernel refuses', () => {
    const own = mapped('0 1 1000\n1000 0 1\n1001 1001 64536\n')
    const all = rows(mapOfAll(65_534, own))
    for (const { outside, count } of all) {
      expect(own.borders.filter((border) => border > outside && border < outside + count)).toEqual([])
    }
    expect(all.reduce((sum, { count }) => sum + count, 0)).toBeGreaterThanOrEqual(own.known - 1)
    expect(all.find(({ inside }) => inside === 65_534)?.outside).toBe(65_534)
  })
})
