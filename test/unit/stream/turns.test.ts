import { afterEach, expect, it, vi } from 'vitest'
import { Turns } from '../../../src/stream/turns.ts'

afterEach(() => void vi.restoreAllMocks())

/** Works of so many steps of a millisecond each, on a clock that only they move; the milliseconds of each round of the event loop. */
async function rounds(works: number, steps: number): Promise<number[]> {
  let now = 1000
  vi.spyOn(performance, 'now').mockImplementation(() => now)
  const times: number[] = []
  let [began, isOver] = [now, false]
  const round = () => {
    times.push(now - began)
    began = now
    if (!isOver) setImmediate(round)
  }
  setImmediate(round)
  const work = async () => {
    const turns = new Turns()
    for (let step = 0; step < steps; step++) {
      now++
      await turns.next()
    }
  }
  await Promise.all(Array.from({ length: works }, work))
  isOver = true
  return times
}

it.each([1, 20, 200])(
  '%i works together leave the loop after a few milliseconds, and all of them end',
  async (works) => {
    const times = await rounds(works, 40)
    expect(times.reduce((all, each) => all + each, 0)).toBeGreaterThan(works * 35)
    // The first round begins them all, with a step each.
    expect(Math.max(...times.slice(1))).toBeLessThanOrEqual(8)
  },
)

it('does not wait for small steps', () => {
  vi.spyOn(performance, 'now').mockReturnValue(1000)
  const turns = new Turns()
  for (let step = 0; step < 1000; step++) expect(turns.next()).toBe(undefined)
})
