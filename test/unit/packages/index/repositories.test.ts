import { describe, expect, it } from 'vitest'
import { releaseRow } from '../../../../src/packages/index/releases.ts'
import {
  allRepositories,
  findRepository,
  newestDate,
  noteChecked,
  noteConfigured,
  noteError,
  noteGeneration,
  releasesWithOneWeek,
  repositoryHealth,
  repositoryRow,
  sourceUrlOf,
} from '../../../../src/packages/index/repositories.ts'
import { addRepository, SPEC, temporaryDatabase } from '../../../helpers/index_rows.ts'

const PART = { component: 'main', architecture: 'amd64' }
const KEY = { ...PART, release: 'debian-12-amd64' }

describe('repositoryRow()', () => {
  it('makes a row once, and takes what the configuration says now', async () => {
    await using at = await temporaryDatabase()
    const { releaseId, repositoryId } = addRepository(at.database)
    expect(releasesWithOneWeek(at.database)).toEqual([])
    const again = addRepository(at.database, { fetch: 'full', superseded: 'one-week' })
    expect(again).toEqual({ releaseId, repositoryId })
    expect(repositoryHealth(at.database)).toEqual([
      { releaseId, uri: SPEC.uri, suite: SPEC.suite, fetch: 'full', synced: null, error: null },
    ])
    expect(releasesWithOneWeek(at.database)).toEqual([releaseId])
  })

  it('knows where the sources of a release can be read, as the configuration says now', async () => {
    await using at = await temporaryDatabase()
    const { releaseId } = addRepository(at.database)
    expect(sourceUrlOf(at.database, releaseId)).toBeUndefined()
    addRepository(at.database, { sourceUrl: 'https://s.example/{file}' })
    expect(sourceUrlOf(at.database, releaseId)).toBe('https://s.example/{file}')
    addRepository(at.database, {})
    expect(sourceUrlOf(at.database, releaseId)).toBeUndefined()
  })

  it('gives a new repository no generation', async () => {
    await using at = await temporaryDatabase()
    const releaseId = releaseRow(at.database, 'debian-12-amd64')
    expect(repositoryRow(at.database, SPEC, { releaseId, ...PART })).toEqual({
      id: 1,
      releaseId,
      date: null,
      packagesKey: null,
      contentsKey: null,
      synced: null,
      packages: 0,
    })
  })

  it('lets what fed another release until now feed that one no more', async () => {
    await using at = await temporaryDatabase()
    addRepository(at.database, { suite: 'stable' })
    addRepository(at.database, { suite: 'stable', release: 'debian-13-amd64' })
    expect(repositoryHealth(at.database).map(({ fetch }) => fetch)).toEqual(['none', 'on-demand'])
    expect(allRepositories(at.database).map(({ release }) => release)).toEqual(['debian-12-amd64', 'debian-13-amd64'])
  })
})

describe('findRepository()', () => {
  it('finds a row by the name of its release or its id, and nothing of another part or suite', async () => {
    await using at = await temporaryDatabase()
    const { releaseId, repositoryId } = addRepository(at.database)
    expect(findRepository(at.database, SPEC, KEY)?.id).toBe(repositoryId)
    expect(findRepository(at.database, SPEC, { ...PART, releaseId })?.id).toBe(repositoryId)
    expect(findRepository(at.database, SPEC, { ...KEY, release: 'debian-13-amd64' })).toBeUndefined()
    expect(findRepository(at.database, SPEC, { ...KEY, component: 'contrib' })).toBeUndefined()
    expect(findRepository(at.database, SPEC, { ...KEY, architecture: 'arm64' })).toBeUndefined()
    expect(findRepository(at.database, { ...SPEC, suite: 'trixie' }, KEY)).toBeUndefined()
  })
})

describe('noteConfigured()', () => {
  it('takes repositories that no file names for none', async () => {
    await using at = await temporaryDatabase()
    addRepository(at.database)
    addRepository(at.database, { suite: 'trixie', release: 'debian-13-amd64' })
    const named = { ...SPEC, architectures: ['amd64'], components: ['main'] }
    noteConfigured(at.database, [named])
    expect(repositoryHealth(at.database).map(({ fetch }) => fetch)).toEqual(['on-demand', 'none'])
    noteConfigured(at.database, [{ ...named, components: ['contrib'] }])
    expect(repositoryHealth(at.database).map(({ fetch }) => fetch)).toEqual(['none', 'none'])
  })
})

describe('a generation of a repository', () => {
  it('sets date, counts and hashes, and keeps the hash of what was not read', async () => {
    await using at = await temporaryDatabase()
    const { repositoryId } = addRepository(at.database)
    const first = { date: 10, packages: 3, packagesKey: 'a', contentsKey: 'b', now: 20 }
    noteGeneration(at.database, repositoryId, first)
    noteGeneration(at.database, repositoryId, { ...first, date: 11, packagesKey: undefined, now: 21 })
    expect(findRepository(at.database, SPEC, KEY)).toMatchObject({
      date: 11,
      packages: 3,
      packagesKey: 'a',
      contentsKey: 'b',
      synced: 21,
    })
  })

  it('a generation of a repository has the newest date of its suite', async () => {
    await using at = await temporaryDatabase()
    expect(newestDate(at.database, SPEC)).toBeUndefined()
    const { repositoryId } = addRepository(at.database)
    expect(newestDate(at.database, SPEC)).toBeUndefined()
    noteChecked(at.database, repositoryId, { date: 12, now: 20 })
    expect(newestDate(at.database, SPEC)).toBe(12)
    expect(newestDate(at.database, { ...SPEC, suite: 'trixie' })).toBeUndefined()
  })
})

describe('noteError()', () => {
  it('notes it of the whole suite or of one part, until that is well again', async () => {
    await using at = await temporaryDatabase()
    const { releaseId, repositoryId } = addRepository(at.database)
    repositoryRow(at.database, SPEC, { releaseId, component: 'contrib', architecture: 'amd64' })
    addRepository(at.database, { suite: 'trixie', release: 'debian-13-amd64' })
    const errors = () => repositoryHealth(at.database).map(({ error }) => error)
    noteError(at.database, SPEC, { message: 'all of it', now: 5 })
    expect(errors()).toEqual(['all of it', 'all of it', null])
    noteError(at.database, SPEC, { part: { ...PART, component: 'contrib' }, message: 'a part', now: 6 })
    expect(errors()).toEqual(['all of it', 'a part', null])
    noteChecked(at.database, repositoryId, { date: 1, now: 7 })
    expect(errors()).toEqual([null, 'a part', null])
  })
})
