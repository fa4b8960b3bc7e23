import { describe, expect, it } from 'vitest'
import { noteSince, supersededSince, versionsBeside } from '../../../../src/packages/keep/versions.ts'
import { addLocation, addPackage, addRepository, temporaryDatabase } from '../../../helpers/index_rows.ts'

describe('versionsBeside()', () => {
  it('gives the packages of a release that are known in several versions', async () => {
    await using at = await temporaryDatabase()
    const { releaseId, repositoryId } = addRepository(at.database)
    const other = addRepository(at.database, { release: 'debian-13-amd64', suite: 'trixie' })
    const rows = [
      { name: 'tool', version: '1', gone: 5 },
      { name: 'tool', version: '2' },
      { name: 'single' },
      { name: 'single', ...other },
      { name: 'of-no-repository', version: '1', repositoryId: null },
      { name: 'of-no-repository', version: '2', repositoryId: null },
    ]
    for (const row of rows) addPackage(at.database, { releaseId, repositoryId, ...row })
    const common = { name: 'tool', architecture: 'amd64', superseded: null, format: 'deb' }
    expect(versionsBeside(at.database, releaseId)).toEqual([
      { ...common, id: 1, version: '1', gone: 5 },
      { ...common, id: 2, version: '2', gone: null },
    ])
  })
})

describe('supersededSince()', () => {
  it('gives what has been superseded for so long, is kept, and is kept by no repository that has it', async () => {
    await using at = await temporaryDatabase()
    const weekly = addRepository(at.database, { superseded: 'one-week' })
    const keeper = addRepository(at.database, { uri: 'https://b.example/' })
    const { releaseId } = weekly
    const add = (name: string, repositoryId: number, isKept = true) =>
      addPackage(at.database, { releaseId, name, repositoryId, ...isKept ? { kept: 1, folder: name } : {} })
    const old = add('old', weekly.repositoryId)
    const young = add('young', weekly.repositoryId)
    const absent = add('absent', weekly.repositoryId, false)
    const wanted = add('wanted', weekly.repositoryId)
    const foreign = add('foreign', keeper.repositoryId)
    const newest = add('newest', weekly.repositoryId)
    addLocation(at.database, old, weekly.repositoryId)
    addLocation(at.database, wanted, keeper.repositoryId)
    noteSince(at.database, [old, absent, wanted, foreign].map((id) => ({ id, superseded: 100 })))
    noteSince(at.database, [{ id: young, superseded: 101 }, { id: newest, superseded: null }])
    expect(supersededSince(at.database, 100)).toEqual([{ id: old, release: 'debian-12-amd64', folder: 'old' }])
    noteSince(at.database, [{ id: old, superseded: null }])
    expect(supersededSince(at.database, 100)).toEqual([])
  })
})
