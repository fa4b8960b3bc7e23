import { describe, expect, it } from 'vitest'
import { allReleases, releaseRow, supportedReleases } from '../../../../src/packages/index/releases.ts'
import { noteChecked } from '../../../../src/packages/index/repositories.ts'
import { addRepository, temporaryDatabase } from '../../../helpers/index_rows.ts'

describe('releaseRow()', () => {
  it('gives a release one id, whenever it is asked', async () => {
    await using at = await temporaryDatabase()
    const [first, other, again] = ['b', 'a', 'b'].map((name) => releaseRow(at.database, name))
    expect(again).toBe(first)
    expect(other).not.toBe(first)
  })
})

describe('allReleases()', () => {
  it('names the format of each release, null where no repository feeds it, by name', async () => {
    await using at = await temporaryDatabase()
    const unfed = releaseRow(at.database, 'unfed')
    const { releaseId: fedora } = addRepository(at.database, { release: 'fedora-40-x86_64', format: 'rpm' })
    const { releaseId: debian } = addRepository(at.database, { suite: 'trixie' })
    expect(allReleases(at.database)).toEqual([
      { id: debian, name: 'debian-12-amd64', format: 'deb' },
      { id: fedora, name: 'fedora-40-x86_64', format: 'rpm' },
      { id: unfed, name: 'unfed', format: null },
    ])
  })
})

describe('supportedReleases()', () => {
  it('gives the names of those that were synced at least once, in their order', async () => {
    await using at = await temporaryDatabase()
    addRepository(at.database, { release: 'never' })
    for (const release of ['b', 'a']) {
      const { repositoryId } = addRepository(at.database, { release, suite: release })
      noteChecked(at.database, repositoryId, { date: 1, now: 2 })
    }
    expect(supportedReleases(at.database)).toEqual(['a', 'b'])
  })
})
