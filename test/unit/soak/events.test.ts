/** The shape of a soak: who dies when, and how long one server lives. */
import { expect, it } from 'vitest'
import { LAPS, partsOf } from '../../soak/events.ts'

it.each([5, 30, 120])(
  'in a soak of %i minutes one server lives through two thirds, and all that happens to it but its end',
  (minutes) => {
    const { deaths, laps } = partsOf(minutes * 60_000)
    expect(laps).toHaveLength(LAPS)
    const lifeMs = laps.reduce((sum, { lengthMs }) => sum + lengthMs, 0)
    expect(Math.round(lifeMs + deaths.lengthMs)).toBe(minutes * 60_000)
    expect(lifeMs).toBeGreaterThanOrEqual(0.6 * minutes * 60_000)
    for (const { events, lengthMs } of laps) {
      const names = events.map(([, what]) => what)
      expect(names.filter((what) => what.startsWith('server'))).toEqual([])
      expect(new Set(names)).toEqual(new Set(['worker killed', 'sync', 'clean', 'disk full']))
      expect(events.every(([at]) => at < lengthMs)).toBe(true)
    }
    expect(new Set(deaths.events.map(([, what]) => what)))
      .toEqual(new Set(['worker killed', 'server killed', 'server restarted', 'sync', 'clean']))
  },
)
