import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Database } from '../../../src/database/database.ts'
import { addPeak, expectedPeak } from '../../../src/runner/peaks.ts'
import { taskMemory } from '../../../schema/tables.ts'
import { temporaryDatabase } from '../../helpers/index_rows.ts'

const LIMIT = 4096
const python = { package: 'python3.11', release: 'debian-12-amd64', coreMb: 10 }
const bare = { package: undefined, release: undefined, coreMb: 10 }

let at: Awaited<ReturnType<typeof temporaryDatabase>>
let database: Database
beforeEach(async () => void ({ database } = at = await temporaryDatabase()))
afterEach(() => at[Symbol.asyncDispose]())

describe('expectedPeak()', () => {
  it('is the limit where nothing like it has run', () => {
    addPeak(database, { ...python, coreMb: 100 }, 200)
    expect(expectedPeak(database, { ...python, package: 'evince' }, LIMIT)).toBe(LIMIT)
    expect(expectedPeak(database, { ...python, release: 'debian-13-amd64' }, LIMIT)).toBe(LIMIT)
    expect(expectedPeak(database, bare, LIMIT)).toBe(LIMIT)
  })

  it('is somewhat above the largest of the last twenty of the package on its release', () => {
    addPeak(database, python, 3000)
    for (let each = 0; each < 20; each++) addPeak(database, python, 100 + each)
    expect(expectedPeak(database, python, LIMIT)).toBe(Math.ceil(119 * 1.25) + 32)
  })

  it('goes by cores of half to twice the size where the package is not known, from the third on', () => {
    addPeak(database, { ...python, coreMb: 6 }, 100)
    addPeak(database, { ...bare, coreMb: 19 }, 120)
    expect(expectedPeak(database, bare, LIMIT)).toBe(LIMIT)
    addPeak(database, { ...bare, coreMb: 5 }, 1000)
    addPeak(database, { ...bare, coreMb: 20 }, 1000)
    expect(expectedPeak(database, bare, LIMIT)).toBe(LIMIT)
    addPeak(database, { ...bare, coreMb: 11 }, 80)
    expect(expectedPeak(database, bare, LIMIT)).toBe(182)
  })

  it('never passes the limit', () => {
    addPeak(database, python, 4000)
    expect(expectedPeak(database, python, LIMIT)).toBe(LIMIT)
  })
})

it('keeps the newest 2000 rows', () => {
  for (let each = 0; each < 2010; each++) addPeak(database, python, each)
  const rows = database.select().from(taskMemory).all()
  expect([rows.length, rows[0]?.peakMb]).toEqual([2000, 10])
})
