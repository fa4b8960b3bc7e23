/** What a page of statistics asks of the counts of crashes: by hour, day, release, package, outcome and signature. */
import { expect, it } from 'vitest'
import { closeDatabase, emptyDatabase } from '../../../src/database/database.ts'
import { countOnce, countsOf, pruneCounts } from '../../../src/runner/crash_table.ts'

const HOUR = 3_600
const DAY = 24 * HOUR
const START = 20_000 * DAY

it('counts can be grouped and chosen in every respect, the largest first, and pruned ones are gone', () => {
  const database = emptyDatabase()
  try {
    let id = 0
    const crashed = (
      times: number,
      hour: number,
      release: string,
      name: string,
      outcome: string,
      signature: string,
    ) => {
      for (let at = 0; at < times; at++) {
        const row = { hour: START + hour * HOUR, release, package: name, outcome, signature, duphash: '' }
        expect(countOnce(database, ++id, row)).toBe(true)
        expect(countOnce(database, id, row)).toBe(false)
      }
    }
    crashed(3, 1, 'debian-12-amd64', 'bash', 'ok', '1:aa')
    crashed(5, 23, 'debian-12-amd64', 'python3.11-minimal', 'ok', '1:bb')
    crashed(2, 25, 'debian-13-amd64', 'bash', 'ok-partial', '1:aa')
    crashed(1, 30, '', '', 'core-foreign', '')
    expect(countsOf(database, ['release'])).toEqual([
      { release: 'debian-12-amd64', times: 8 },
      { release: 'debian-13-amd64', times: 2 },
      { release: '', times: 1 },
    ])
    expect(countsOf(database, ['day', 'outcome'])).toEqual([
      { day: START, outcome: 'ok', times: 8 },
      { day: START + DAY, outcome: 'ok-partial', times: 2 },
      { day: START + DAY, outcome: 'core-foreign', times: 1 },
    ])
    expect(countsOf(database, ['signature'], { package: 'bash' })).toEqual([{ signature: '1:aa', times: 5 }])
    expect(countsOf(database, ['package'], { since: START + DAY, until: START + 26 * HOUR }))
      .toEqual([{ package: 'bash', times: 2 }])
    expect(countsOf(database, ['hour'], { signature: '1:aa', release: 'debian-12-amd64', outcome: 'ok' }))
      .toEqual([{ hour: START + HOUR, times: 3 }])
    expect(countsOf(database, ['package', 'release'], {}, 1)).toEqual([
      { package: 'python3.11-minimal', release: 'debian-12-amd64', times: 5 },
    ])
    expect(pruneCounts(database, START + DAY, { dryRun: false })).toBe(2)
    expect(countsOf(database, ['package']).map((row) => row.times)).toEqual([2, 1])
  } finally {
    closeDatabase(database)
  }
})
