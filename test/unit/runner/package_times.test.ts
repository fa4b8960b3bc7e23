import { asc } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { packageTime } from '../../../schema/tables.ts'
import { addTime, averageTime, pruneTimes } from '../../../src/runner/package_times.ts'
import { temporaryDatabase } from '../../helpers/index_rows.ts'

describe('averageTime()', () => {
  it('averageTime() is that of a package in a release, of a release, or of all', async () => {
    await using at = await temporaryDatabase()
    expect(averageTime(at.database, {})).toBeUndefined()
    addTime(at.database, { package: 'bash', release: 'a' }, 1)
    addTime(at.database, { package: 'bash', release: 'a' }, 2)
    addTime(at.database, { package: 'zsh', release: 'a' }, 6)
    addTime(at.database, { package: 'bash', release: null }, 11)
    expect(averageTime(at.database, { package: 'bash', release: 'a' })).toBe(1.5)
    expect(averageTime(at.database, { release: 'a' })).toBe(3)
    expect(averageTime(at.database, {})).toBe(5)
    expect(averageTime(at.database, { package: 'fish', release: 'a' })).toBeUndefined()
  })
})

describe('pruneTimes()', () => {
  it('leaves the newest 100 rows of each package and release, those of none among them', async () => {
    await using at = await temporaryDatabase()
    const groups = [{ package: 'bash', release: 'a' }, { package: 'bash', release: null }]
    for (let time = 0; time < 103; time++) for (const group of groups) addTime(at.database, group, time)
    for (let time = 0; time < 100; time++) addTime(at.database, { package: 'zsh', release: 'a' }, time)
    expect(pruneTimes(at.database, { dryRun: true })).toBe(6)
    expect(pruneTimes(at.database, { dryRun: false })).toBe(6)
    expect(pruneTimes(at.database, { dryRun: false })).toBe(0)
    const times = at.database.select().from(packageTime).orderBy(asc(packageTime.id)).all()
    expect(times).toHaveLength(300)
    expect(times.slice(0, 2)).toMatchObject(groups.map((group) => ({ ...group, time: 3 })))
  })
})
