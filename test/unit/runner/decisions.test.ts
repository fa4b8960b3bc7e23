/** The runner's pure decisions: memory, expected starts. */
import { describe, expect, it } from 'vitest'
import { expectedStarts } from '../../../src/runner/estimates.ts'
import { fits } from '../../../src/runner/memory.ts'

describe('fits()', () => {
  it.each([
    ['nothing runs, whatever is available', { available: 10, running: [] }, true],
    ['its limit and the growth of the others are available', { available: 1500, running: [500] }, true],
    ['a running task may still grow into it', { available: 1499, running: [500] }, false],
    ['the running ones have grown whole', { available: 1000, running: [1000, 1200] }, true],
    ['its own limit is not available', { available: 999, running: [1000, 1200] }, false],
  ])('fits() judges a limit of 1000 MiB when %s: %#', (_, use, answer) => {
    expect(fits(use, 1000)).toBe(answer)
  })
})

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
