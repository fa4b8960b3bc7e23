/** When one more task may begin beside those that have just begun. */
import { expect, it } from 'vitest'
import { beginnersAtOnce, mayBeginIn } from '../../../src/runner/pace.ts'

const NOW = 1_000_000

it.each([
  ['none runs', [], 0],
  ['there is room beside those that begin', [NOW - 10], 0],
  ['two begin: as soon as the older has begun', [NOW - 10, NOW - 300], 700],
  ['three begin: as soon as two have begun', [NOW - 10, NOW - 300, NOW - 100], 900],
  ['all others have begun', [NOW - 1000, NOW - 2000, NOW - 90_000], 0],
  ['one begins beside many that have begun', [NOW - 5, ...Array<number>(20).fill(NOW - 5000)], 0],
  ['the clock was set back', [NOW + 3_600_000, NOW + 7_200_000, NOW + 3_600_000], 0],
])('of two at once, where %s', (_, starts, expected) => {
  expect(mayBeginIn(starts, NOW, 2)).toBe(expected)
})

it('is one for each processor, and two at least', () => {
  expect([1, 2, 64].map((processors) => beginnersAtOnce(processors))).toEqual([2, 2, 64])
})
