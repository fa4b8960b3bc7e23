import { describe, expect, it } from 'vitest'
import { absentPackages, canBeFetched, locationsOf } from '../../../../src/packages/index/locations.ts'
import { noteGeneration } from '../../../../src/packages/index/repositories.ts'
import {
  addBuildId,
  addLocation,
  addPackage,
  addRepository,
  bytes,
  temporaryDatabase,
} from '../../../helpers/index_rows.ts'

describe('locationsOf()', () => {
  it('gives every repository that has a package, the one that was known first at the front', async () => {
    await using at = await temporaryDatabase()
    const first = addRepository(at.database)
    const second = addRepository(at.database, { uri: 'https://b.example/' })
    const id = addPackage(at.database, { releaseId: first.releaseId, identity: bytes('tool') })
    const other = addPackage(at.database, { releaseId: first.releaseId, name: 'other' })
    addLocation(at.database, id, second.repositoryId, 'b/tool.deb')
    addLocation(at.database, id, first.repositoryId, 'pool/tool.deb')
    const common = { format: 'deb', suite: 'bookworm', architecture: 'amd64', identity: bytes('tool'), sha512: null }
    expect(locationsOf(at.database, id)).toEqual([
      { ...common, uri: 'https://a.example/debian/', path: 'pool/tool.deb' },
      { ...common, uri: 'https://b.example/', path: 'b/tool.deb' },
    ])
    expect([id, other].map((one) => canBeFetched(at.database, one))).toEqual([true, false])
  })
})

describe('absentPackages()', () => {
  it('leaves out what is here, what is gone and what another repository has', async () => {
    await using at = await temporaryDatabase()
    const { releaseId, repositoryId } = addRepository(at.database)
    const other = addRepository(at.database, { uri: 'https://b.example/' })
    const rows = [{ name: 'absent' }, { name: 'here', folder: 'here_1_amd64' }, { name: 'gone', gone: 5 }]
    for (const row of rows) addLocation(at.database, addPackage(at.database, { releaseId, ...row }), repositoryId)
    addLocation(at.database, addPackage(at.database, { releaseId, name: 'elsewhere' }), other.repositoryId)
    expect(absentPackages(at.database, repositoryId).map(({ name }) => name)).toEqual(['absent'])
  })

  it('says of each whether its build-ids and the files of its repository are known', async () => {
    await using at = await temporaryDatabase()
    const { releaseId, repositoryId } = addRepository(at.database)
    const id = addPackage(at.database, { releaseId })
    addLocation(at.database, id, repositoryId)
    const flags = () => absentPackages(at.database, repositoryId).map((row) => [row.hasBuildIds, row.hasContents])
    expect(flags()).toEqual([[false, false]])
    addBuildId(at.database, id, 'ab'.repeat(20))
    const generation = { date: 1, packages: 1, packagesKey: 'a', contentsKey: 'b', now: 2 }
    noteGeneration(at.database, repositoryId, generation)
    expect(flags()).toEqual([[true, true]])
  })
})
