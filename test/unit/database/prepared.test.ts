import { eq, sql } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { release } from '../../../schema/tables.ts'
import { excluded, fixedLimit, prepared } from '../../../src/database/prepared.ts'
import { temporaryDatabase } from '../../helpers/index_rows.ts'

describe('prepared()', () => {
  it('builds a statement once for each database, which answers with its rows', async () => {
    let built = 0
    const byName = prepared((database) => {
      built++
      return database.select().from(release).where(eq(release.name, sql.placeholder('name'))).prepare()
    })
    await using one = await temporaryDatabase()
    await using two = await temporaryDatabase()
    one.database.insert(release).values({ id: 7, name: 'a' }).run()
    for (let time = 0; time < 3; time++) expect(byName(one.database).get({ name: 'a' })).toEqual({ id: 7, name: 'a' })
    expect(byName(two.database).get({ name: 'a' })).toBeUndefined()
    expect(built).toBe(2)
    expect(() => byName(one.database).get({ nam: 'a' })).toThrow('No value for placeholder "name"')
  })
})

describe('fixedLimit()', () => {
  it('stands in the text of a statement, where a number is bound', async () => {
    await using at = await temporaryDatabase()
    const limited = (limit: number | ReturnType<typeof fixedLimit>) =>
      at.database.select({ id: release.id }).from(release).limit(limit).toSQL()
    expect(limited(fixedLimit(5))).toEqual({ sql: 'select "id" from "release" limit 5', params: [] })
    expect(limited(5)).toEqual({ sql: 'select "id" from "release" limit ?', params: [5] })
  })
})

describe('excluded()', () => {
  it('excluded() gives what the row has that could not be inserted', async () => {
    await using at = await temporaryDatabase()
    const insert = (name: string) =>
      at.database.insert(release).values({ id: 1, name })
        .onConflictDoUpdate({ target: release.id, set: { name: excluded(release.name) } }).run()
    for (const name of ['before', 'after']) insert(name)
    expect(at.database.select().from(release).all()).toEqual([{ id: 1, name: 'after' }])
  })
})
