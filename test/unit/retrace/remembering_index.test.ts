import { describe, expect, it } from 'vitest'
import { PackageIndex } from '../../../src/packages/index/lookup.ts'
import { RememberingIndex } from '../../../workers/retrace/resolve/remembering_index.ts'
import { addBuildId, addPackage, addRepository, temporaryDatabase } from '../../helpers/index_rows.ts'

describe('RememberingIndex', () => {
  it('answers as the index does, with rows that who asks may sort, until packages come or go', async () => {
    await using known = await temporaryDatabase()
    const { database } = known
    const { releaseId } = addRepository(database, {
      release: 'debian-12-amd64',
      format: 'deb',
      uri: 'https://a.example/',
    })
    const shape = { releaseId, architecture: 'amd64', source: 'shop', sourceVersion: '1', version: '1' }
    const first = addPackage(database, { ...shape, name: 'shop', isDebug: false })
    addPackage(database, { ...shape, name: 'shop-dbg', isDebug: true })
    addBuildId(database, first, 'aabb')
    const index = new RememberingIndex(database)
    const plain = new PackageIndex(database)
    const questions = (each: PackageIndex) => [
      each.madeFrom(shape),
      each.packagesWith('aabb', 'code', releaseId),
      each.versionsOf('shop', releaseId),
      each.keptFiles('aabb'),
      [each.sourceUrlOf(releaseId)],
    ]
    expect(questions(index)).toEqual(questions(plain))
    for (const rows of questions(index)) rows.reverse().pop()
    expect(questions(index)).toEqual(questions(plain))
    addPackage(database, { ...shape, name: 'shop-extra', isDebug: false })
    expect(index.madeFrom(shape)).toHaveLength(2)
    index.forget()
    expect(questions(index)).toEqual(questions(plain))
    expect(index.madeFrom(shape)).toHaveLength(3)
  })
})
