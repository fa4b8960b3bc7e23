import { asc } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { packageLocation, packages } from '../../../../schema/tables.ts'
import type { Database } from '../../../../src/database/database.ts'
import type { IndexEntry } from '../../../../src/packages/format/index_entry.ts'
import { hasBuildIds, packagesWith } from '../../../../src/packages/index/build_ids.ts'
import type { GenerationCounts } from '../../../../src/packages/index/merge.ts'
import { locationsOf } from '../../../../src/packages/index/locations.ts'
import { ownersOf } from '../../../../src/packages/index/paths.ts'
import { findRepository } from '../../../../src/packages/index/repositories.ts'
import { Staging } from '../../../../src/packages/index/staging.ts'
import { addRepository, bytes, SPEC, temporaryDatabase } from '../../../helpers/index_rows.ts'

const ID = 'ab'.repeat(20)
const PART = { release: 'debian-12-amd64', component: 'main', architecture: 'amd64' }

function pack(name: string, version: string, more: { buildIds?: string[]; isDebug?: boolean } = {}): IndexEntry {
  return {
    kind: 'package',
    package: {
      name,
      version,
      architecture: 'amd64',
      source: name,
      sourceVersion: version,
      isDebug: false,
      size: 10,
      checksums: { sha256: bytes(`${name} ${version}`).toString('hex') },
      path: `pool/${name}_${version}.deb`,
      buildIds: [],
      ...more,
    },
  }
}

/** Commits a generation with these entries; `parts` are the indices that were read for it. */
function commit(
  database: Database,
  ids: { releaseId: number; repositoryId: number },
  { entries, now, contents = false }: { entries: IndexEntry[]; now: number; contents?: boolean },
): GenerationCounts {
  using staging = new Staging(database)
  staging.add(entries)
  const sums = { packagesKey: `packages ${now}`, contentsKey: contents ? `contents ${now}` : undefined }
  return staging.commit({ ...ids, date: now, now, ...sums })
}

function known(database: Database) {
  const { name, version, gone, repositoryId } = packages
  return database.select({ name, version, gone, repositoryId }).from(packages).orderBy(asc(packages.id)).all()
}

describe('a generation', () => {
  it('adds what is new and notes what is gone, and again what came back', async () => {
    await using at = await temporaryDatabase()
    const ids = addRepository(at.database)
    const { repositoryId } = ids
    const first = { entries: [pack('tool', '1'), pack('lib', '1')], now: 10 }
    expect(commit(at.database, ids, first)).toEqual({ packages: 2, added: 2, vanished: 0, paths: 0 })
    expect(commit(at.database, ids, { entries: [pack('tool', '2'), pack('lib', '1')], now: 20 }))
      .toEqual({ packages: 2, added: 1, vanished: 1, paths: 0 })
    expect(known(at.database)).toEqual([
      { name: 'tool', version: '1', gone: 20, repositoryId },
      { name: 'lib', version: '1', gone: null, repositoryId },
      { name: 'tool', version: '2', gone: null, repositoryId },
    ])
    expect(commit(at.database, ids, { ...first, now: 30 })).toEqual({ packages: 2, added: 0, vanished: 1, paths: 0 })
    expect(known(at.database).map(({ gone }) => gone)).toEqual([null, null, 30])
  })

  it('leaves what another repository has, and belongs to the one that had it last', async () => {
    await using at = await temporaryDatabase()
    const one = addRepository(at.database)
    const two = addRepository(at.database, { uri: 'https://b.example/' })
    for (const ids of [one, two]) commit(at.database, ids, { entries: [pack('tool', '1')], now: 10 })
    expect(commit(at.database, two, { entries: [], now: 20 }).vanished).toBe(0)
    expect(known(at.database)).toEqual([{ name: 'tool', version: '1', gone: null, repositoryId: two.repositoryId }])
    expect(commit(at.database, one, { entries: [], now: 30 }).vanished).toBe(1)
  })

  it('takes a package of the same version with another content for another one', async () => {
    await using at = await temporaryDatabase()
    const ids = addRepository(at.database)
    commit(at.database, ids, { entries: [pack('tool', '1')], now: 10 })
    const again = pack('tool', '1')
    if (again.kind === 'package') again.package.checksums = { sha256: 'ef'.repeat(32) }
    expect(commit(at.database, ids, { entries: [again], now: 20 })).toMatchObject({ added: 1, vanished: 1 })
  })

  it('follows a file that moved in the archive', async () => {
    await using at = await temporaryDatabase()
    const ids = addRepository(at.database)
    for (const path of ['pool/a.deb', 'pool/b.deb']) {
      const moved = pack('tool', '1')
      if (moved.kind === 'package') moved.package.path = path
      commit(at.database, ids, { entries: [moved], now: 10 })
    }
    expect(at.database.select().from(packageLocation).all().map(({ path }) => path)).toEqual(['pool/b.deb'])
  })

  it('brings the build-ids that packages name themselves, and those of a list of files for the others', async () => {
    await using at = await temporaryDatabase()
    const ids = addRepository(at.database)
    const entries: IndexEntry[] = [
      pack('tool-dbg', '1', { isDebug: true, buildIds: [ID] }),
      pack('lib-dbg', '1', { isDebug: true }),
      { kind: 'build-id', name: 'tool-dbg', role: 'debug', buildId: 'cd'.repeat(20) },
      { kind: 'build-id', name: 'lib-dbg', role: 'debug', buildId: 'ef'.repeat(20) },
      { kind: 'build-id', name: 'lib-dbg', role: 'debug', buildId: '12'.repeat(20), identity: '00'.repeat(32) },
    ]
    commit(at.database, ids, { entries, now: 10, contents: true })
    const holders = (id: string) =>
      packagesWith(at.database, id, { role: 'debug', releaseId: undefined }).map(({ name }) => name)
    expect([ID, 'cd'.repeat(20), 'ef'.repeat(20), '12'.repeat(20)].map(holders)).toEqual([
      ['tool-dbg'],
      [],
      ['lib-dbg'],
      [],
    ])
    expect(hasBuildIds(at.database, 2)).toBe(true)
  })

  it('keeps paths that were known, and counts the new ones', async () => {
    await using at = await temporaryDatabase()
    const ids = addRepository(at.database)
    const path = (name: string): IndexEntry => ({ kind: 'path', path: '/usr/bin/tool', name })
    const tool = pack('tool', '1')
    expect(commit(at.database, ids, { entries: [tool, path('tool')], now: 10, contents: true }).paths).toBe(1)
    expect(commit(at.database, ids, { entries: [tool, path('tool'), path('new')], now: 20, contents: true }).paths)
      .toBe(1)
    expect(ownersOf(at.database, '/usr/bin/tool', ids.releaseId)).toEqual(['new', 'tool'])
  })

  it('takes no paths of packages that are left out, unless another one has their name', async () => {
    await using at = await temporaryDatabase()
    const ids = addRepository(at.database)
    const path = (name: string): IndexEntry => ({ kind: 'path', path: `/usr/bin/${name}`, name })
    const out = (name: string): IndexEntry => ({ kind: 'left-out', name, reason: 'its version is none' })
    const entries = [pack('tool', '1'), out('tool'), out('bad'), path('tool'), path('bad'), path('elsewhere')]
    expect(commit(at.database, ids, { entries, now: 10, contents: true })).toMatchObject({ packages: 1, paths: 2 })
    const owners = (name: string) => ownersOf(at.database, `/usr/bin/${name}`, ids.releaseId)
    expect([owners('tool'), owners('bad'), owners('elsewhere')]).toEqual([['tool'], [], ['elsewhere']])
  })

  it('changes the SHA512 that a repository says beside the identity', async () => {
    await using at = await temporaryDatabase()
    const ids = addRepository(at.database)
    const entry = pack('tool', '1')
    if (entry.kind !== 'package') throw new TypeError('Expected a package')
    const { checksums } = entry.package
    const sha512 = () => locationsOf(at.database, 1).map((location) => location.sha512?.toString('hex').slice(0, 4))
    for (const start of [undefined, 'abcd', '1234', undefined]) {
      entry.package.checksums = start === undefined ? checksums : { ...checksums, sha512: start.repeat(32) }
      commit(at.database, ids, { entries: [entry], now: 10 })
      expect(sha512()).toEqual([start])
    }
  })

  it('leaves the packages as they are when only the list of files was read', async () => {
    await using at = await temporaryDatabase()
    const ids = addRepository(at.database)
    commit(at.database, ids, { entries: [pack('tool', '1')], now: 10 })
    using staging = new Staging(at.database)
    const generation = { ...ids, date: 20, now: 20, packagesKey: undefined, contentsKey: 'contents' }
    expect(staging.commit(generation)).toEqual({ packages: 1, added: 0, vanished: 0, paths: 0 })
    expect(findRepository(at.database, SPEC, PART)).toMatchObject({
      date: 20,
      packagesKey: 'packages 10',
      contentsKey: 'contents',
    })
  })

  it('leaves no trace when it is given up, and makes room for the next', async () => {
    await using at = await temporaryDatabase()
    const ids = addRepository(at.database)
    {
      using staging = new Staging(at.database)
      staging.add([pack('tool', '1', { buildIds: [ID] })])
      expect(staging.bytes).toBeGreaterThan(0)
    }
    expect(commit(at.database, ids, { entries: [], now: 10 })).toMatchObject({ packages: 0, added: 0 })
    expect(known(at.database)).toEqual([])
  })
})
