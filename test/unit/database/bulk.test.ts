import { Buffer } from 'node:buffer'
import { describe, expect, it } from 'vitest'
import { release, repository } from '../../../schema/tables.ts'
import { bulkInsert } from '../../../src/database/bulk.ts'
import { createStaged, dropStaged, stagedBytes, stagedNamedBuildId } from '../../../src/packages/index/staged_tables.ts'
import { temporaryDatabase } from '../../helpers/index_rows.ts'

describe('bulkInsert()', () => {
  it('inserts rows in the order in which the columns were named, and gives their ids', async () => {
    await using at = await temporaryDatabase()
    const insert = bulkInsert(at.database, release, ['name', 'id'])
    expect([insert('b', 7), insert('a', 3)]).toEqual([7, 3])
    expect(at.database.select().from(release).all()).toEqual([{ id: 3, name: 'a' }, { id: 7, name: 'b' }])
  })

  it('leaves the other columns to their defaults', async () => {
    await using at = await temporaryDatabase()
    const releaseId = Number(bulkInsert(at.database, release, ['name'])('a'))
    const keys = [
      'releaseId',
      'format',
      'uri',
      'suite',
      'component',
      'architecture',
      'fetch',
      'superseded',
    ] as const
    const insert = bulkInsert(at.database, repository, keys)
    insert(releaseId, 'deb', 'https://a.example/', 's', 'main', 'amd64', 'full', 'keep')
    expect(at.database.select().from(repository).all()).toMatchObject([{ id: 1, packages: 0, date: null }])
  })
})

describe('the temporary tables', () => {
  it('makes temporary tables anew, empty, and tells their bytes', async () => {
    await using at = await temporaryDatabase()
    for (let time = 0; time < 2; time++) {
      dropStaged(at.database)
      createStaged(at.database)
      const before = stagedBytes(at.database)
      const insert = bulkInsert(at.database, stagedNamedBuildId, ['name', 'role', 'identity', 'buildId'])
      at.database.transaction(() => {
        for (let row = 0; row < 1000; row++) insert(`name${row}`, 'debug', null, Buffer.alloc(20, row))
      })
      expect(stagedBytes(at.database) - before).toBeGreaterThan(30_000)
      expect(at.database.select().from(stagedNamedBuildId).all()).toHaveLength(1000)
    }
  })
})
