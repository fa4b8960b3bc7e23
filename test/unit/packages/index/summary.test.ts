import { describe, expect, it } from 'vitest'
import { noteChecked, noteConfigured, noteError } from '../../../../src/packages/index/repositories.ts'
import { summarizeHealth, summarizeRepositories } from '../../../../src/packages/index/summary.ts'
import { releaseRow } from '../../../../src/packages/index/releases.ts'
import { addPackage, addRepository, SPEC, temporaryDatabase } from '../../../helpers/index_rows.ts'

describe('summarizeRepositories()', () => {
  it('counts what each release knows, has and lost, in the order of names', async () => {
    await using at = await temporaryDatabase()
    releaseRow(at.database, 'a-release-that-nothing-feeds')
    const { releaseId, repositoryId } = addRepository(at.database)
    addPackage(at.database, { releaseId, version: '1', gone: 5 })
    addPackage(at.database, { releaseId, version: '2', kept: 6, keptBytes: 70, folder: 'f' })
    addPackage(at.database, { releaseId, version: '3', kept: 6, keptBytes: 30, folder: 'g', gone: 5 })
    noteChecked(at.database, repositoryId, { date: 1, now: 9 })
    expect(summarizeRepositories(at.database)).toEqual([
      {
        release: 'a-release-that-nothing-feeds',
        ...{ known: 0, gone: 0, here: 0, bytes: 0, repositories: 0, synced: null, failing: 0, error: null },
      },
      {
        release: 'debian-12-amd64',
        ...{ known: 3, gone: 2, here: 2, bytes: 100, repositories: 1, synced: 9, failing: 0, error: null },
      },
    ])
  })

  it('tells complaints of a release apart from those of another', async () => {
    await using at = await temporaryDatabase()
    addRepository(at.database)
    addRepository(at.database, { suite: 'trixie', release: 'debian-13-amd64' })
    noteError(at.database, SPEC, { message: 'it broke', now: 5 })
    expect(summarizeRepositories(at.database).map(({ failing, error }) => [failing, error])).toEqual([
      [1, 'bookworm: it broke'],
      [0, null],
    ])
    noteConfigured(at.database, [])
    expect(summarizeRepositories(at.database).map(({ failing, error }) => [failing, error])).toEqual([
      [0, null],
      [0, null],
    ])
  })
})

describe('summarizeHealth()', () => {
  const repository = { releaseId: 1, uri: 'https://a.example/', suite: 's', fetch: 'full' as const, error: null }

  it.each([
    ['the one that waited longest counts', [{ synced: 5 }, { synced: 3 }], 3],
    ['one that never came counts as never', [{ synced: 5 }, { synced: null }], null],
    ['one that is named no more does not count', [{ synced: 5 }, { synced: 3, fetch: 'none' as const }], 5],
    ['the last success counts where none is named', [{ synced: 5, fetch: 'none' as const }, {
      synced: 3,
      fetch: 'none' as const,
    }], 5],
    ['there was none', [], null],
  ])('says when the last success was: %s', (_, rows, synced) => {
    expect(summarizeHealth(rows.map((row) => ({ ...repository, ...row }))).synced).toBe(synced)
  })

  it('counts a suite once, and says a complaint once', () => {
    const rows = [{ error: 'x' }, { error: 'x' }, { error: 'y' }, { error: 'x', suite: 't' }, { error: null }]
    expect(summarizeHealth(rows.map((row) => ({ ...repository, synced: 1, ...row })))).toEqual({
      repositories: 5,
      synced: 1,
      failing: 2,
      error: 's: x; s: y; t: x',
    })
  })
})
