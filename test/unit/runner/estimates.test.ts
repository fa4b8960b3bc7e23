import { describe, expect, it } from 'vitest'
import { expectedStarts } from '../../../src/runner/estimates.ts'

describe('expectedStarts()', () => {
  it.each([
    ['a free place is taken at once', [], [10, 10], 2, [0, 0]],
    ['the first that ends makes room', [30, 5], [10, 10], 2, [5, 15]],
    ['one place serves one after the other', [4], [10, 20, 30], 1, [4, 14, 34]],
    ['nobody waits', [4], [], 1, []],
    ['fractions are rounded up', [0.2], [1], 1, [1]],
  ])('expectedStarts() knows that %s', (_, running, waiting, slots, starts) => {
    expect(expectedStarts(running, waiting, slots)).toEqual(starts)
  })
})
