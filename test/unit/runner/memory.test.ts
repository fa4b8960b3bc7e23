import { describe, expect, it } from 'vitest'
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
