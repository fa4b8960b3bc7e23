import { Buffer } from 'node:buffer'
import { describe, expect, it } from 'vitest'
import { hasBuildIds, noteBuildId, packagesWith, releasesWith } from '../../../../src/packages/index/build_ids.ts'
import { addBuildId, addPackage, addRepository, temporaryDatabase } from '../../../helpers/index_rows.ts'

const ID = 'ab'.repeat(20)

describe('packagesWith()', () => {
  it('puts the packages of the release first, then those upstream, then the newest', async () => {
    await using at = await temporaryDatabase()
    const { releaseId } = addRepository(at.database)
    const { releaseId: other } = addRepository(at.database, { release: 'debian-13-amd64', suite: 'trixie' })
    const rows = [
      { name: 'gone', releaseId, gone: 5 },
      { name: 'old', releaseId },
      { name: 'other', releaseId: other },
      { name: 'new', releaseId },
    ]
    for (const row of rows) addBuildId(at.database, addPackage(at.database, row), ID)
    const names = (releaseId?: number) =>
      packagesWith(at.database, ID, { role: 'code', releaseId }).map(({ name }) => name)
    expect(names(releaseId)).toEqual(['new', 'old', 'gone', 'other'])
    expect(names(other)).toEqual(['other', 'new', 'old', 'gone'])
    expect(names()).toEqual(['new', 'other', 'old', 'gone'])
  })

  it('gives nothing of another role or build-id, and 50 at most', async () => {
    await using at = await temporaryDatabase()
    const { releaseId } = addRepository(at.database)
    for (let version = 0; version < 60; version++) {
      addBuildId(at.database, addPackage(at.database, { releaseId, version: `${version}` }), ID, 'debug')
    }
    const ask = (id: string, role: 'code' | 'debug') => packagesWith(at.database, id, { role, releaseId })
    expect(ask(ID, 'code')).toEqual([])
    expect(ask('cd'.repeat(20), 'debug')).toEqual([])
    expect(ask(ID, 'debug').map(({ version }) => version)).toEqual(
      Array.from({ length: 50 }, (_, at) => `${59 - at}`),
    )
  })
})

describe('releasesWith()', () => {
  it('gives each release once', async () => {
    await using at = await temporaryDatabase()
    const { releaseId } = addRepository(at.database)
    const { releaseId: other } = addRepository(at.database, { release: 'debian-13-amd64', suite: 'trixie' })
    for (const version of ['1', '2']) addBuildId(at.database, addPackage(at.database, { releaseId, version }), ID)
    addBuildId(at.database, addPackage(at.database, { releaseId: other }), 'cd'.repeat(20))
    expect(releasesWith(at.database, ID)).toEqual([releaseId])
  })
})

describe('noteBuildId()', () => {
  it('makes a package one whose build-ids are known, once', async () => {
    await using at = await temporaryDatabase()
    const { releaseId } = addRepository(at.database)
    const packageId = addPackage(at.database, { releaseId })
    expect(hasBuildIds(at.database, packageId)).toBe(false)
    for (let time = 0; time < 2; time++) {
      noteBuildId(at.database, { buildId: Buffer.from(ID, 'hex'), role: 'dwz', packageId })
    }
    expect(hasBuildIds(at.database, packageId)).toBe(true)
    expect(packagesWith(at.database, ID, { role: 'dwz', releaseId }).map(({ id }) => id)).toEqual([packageId])
  })

  it('refuses a package that is not known', async () => {
    await using at = await temporaryDatabase()
    const note = () => noteBuildId(at.database, { buildId: Buffer.from(ID, 'hex'), role: 'code', packageId: 1 })
    expect(note).toThrow('FOREIGN KEY')
  })
})
