import { describe, expect, it } from 'vitest'
import { fits, isScarce } from '../../../src/runner/memory.ts'

const LIMIT = 1000
/** One of which nothing is known, that holds so much. */
const unknown = (used: number) => ({ used, expected: LIMIT })
const known = (used: number, expected: number) => ({ used, expected })

describe('fits()', () => {
  it.each([
    ['nothing runs, whatever is available', { available: 10, running: [] }, true],
    ['its limit and the growth of the others are available', { available: 1500, running: [unknown(500)] }, true],
    ['a running task may still grow into it', { available: 1499, running: [unknown(500)] }, false],
    ['the running ones have grown whole', { available: 1000, running: [unknown(1000), unknown(1200)] }, true],
    ['its own limit is not available', { available: 999, running: [unknown(1000), unknown(1200)] }, false],
  ])('lets one that may take all of 1000 MiB begin when %s: %#', (_, use, answer) => {
    expect(fits(use, unknown(0), LIMIT)).toBe(answer)
  })

  it.each([
    ['nineteen small ones and the error of one are available', 20 * 50 + 950, Array(19).fill(known(0, 50)), true],
    ['the error of one is not', 20 * 50 + 949, Array(19).fill(known(0, 50)), false],
    ['those that run have what they will take', 50 + 950, Array(19).fill(known(50, 50)), true],
    ['one has taken more than was expected, and may go on', 50 + 950, [known(400, 50), known(50, 50)], true],
    ['a large one is about to grow', 50 + 800 + 950, [known(100, 900)], true],
    ['a large one is about to grow, and there is less', 50 + 800 + 949, [known(100, 900)], false],
  ])('lets one that is expected to take 50 MiB begin, or not, when %s', (_, available, running, answer) => {
    expect(fits({ available, running }, known(0, 50), LIMIT)).toBe(answer)
  })
})

describe('isScarce()', () => {
  it.each([
    ['never for the only one', { available: 1, running: 1 }, 4096, false],
    ['below 1024 MiB', { available: 1023, running: 2 }, 8192, true],
    ['not from there on', { available: 1024, running: 2 }, 8192, false],
    ['below a quarter of a small limit', { available: 249, running: 2 }, LIMIT, true],
    ['not above it', { available: 251, running: 2 }, LIMIT, false],
  ])('%s', (_, use, limit, answer) => {
    expect(isScarce(use, limit)).toBe(answer)
  })
})
