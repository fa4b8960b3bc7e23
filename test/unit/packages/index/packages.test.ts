import { describe, expect, it } from 'vitest'
import {
  packageAgain,
  packagesExactly,
  packagesMadeFrom,
  packagesOfAnyEpoch,
  versionsOf,
} from '../../../../src/packages/index/packages.ts'
import { addPackage, addRepository, temporaryDatabase } from '../../../helpers/index_rows.ts'

describe('packageAgain()', () => {
  it('gives the row with the names of its release and format, flags as booleans', async () => {
    await using at = await temporaryDatabase()
    addRepository(at.database, { release: 'fedora-40-x86_64', format: 'rpm', suite: 'other' })
    const { releaseId } = addRepository(at.database)
    const id = addPackage(at.database, { releaseId, name: 'tool-dbg', source: 'tool', isDebug: true, gone: 7 })
    expect(packageAgain(at.database, id)).toEqual({
      id,
      releaseId,
      release: 'debian-12-amd64',
      format: 'deb',
      name: 'tool-dbg',
      version: '1',
      architecture: 'amd64',
      source: 'tool',
      sourceVersion: '1',
      isDebug: true,
      size: 1000,
      gone: 7,
      folder: null,
    })
    expect(packageAgain(at.database, id + 1)).toBeUndefined()
  })

  it('sees what was written since it was asked before', async () => {
    await using at = await temporaryDatabase()
    const { releaseId } = addRepository(at.database)
    expect(packageAgain(at.database, 1)).toBeUndefined()
    addPackage(at.database, { releaseId, id: 1, folder: 'tool_1_amd64' })
    expect(packageAgain(at.database, 1)?.folder).toBe('tool_1_amd64')
  })
})

describe('packagesMadeFrom()', () => {
  it('gives the packages of one version of a source in one release, by their names', async () => {
    await using at = await temporaryDatabase()
    const { releaseId } = addRepository(at.database)
    const { releaseId: other } = addRepository(at.database, { release: 'debian-13-amd64', suite: 'trixie' })
    for (const name of ['tool-dbg', 'libtool', 'tool']) addPackage(at.database, { releaseId, name, source: 'tool' })
    addPackage(at.database, { releaseId, name: 'tool', source: 'tool', sourceVersion: '2' })
    addPackage(at.database, { releaseId: other, name: 'tool', source: 'tool' })
    addPackage(at.database, { releaseId, name: 'else' })
    const found = packagesMadeFrom(at.database, { source: 'tool', sourceVersion: '1', releaseId })
    expect(found.map(({ name }) => name)).toEqual(['libtool', 'tool', 'tool-dbg'])
  })
})

describe('versionsOf()', () => {
  it('gives every version of a name in one release, and 500 at most', async () => {
    await using at = await temporaryDatabase()
    const { releaseId } = addRepository(at.database)
    const { releaseId: other } = addRepository(at.database, { release: 'debian-13-amd64', suite: 'trixie' })
    addPackage(at.database, { releaseId, version: '1' })
    addPackage(at.database, { releaseId, version: '2' })
    addPackage(at.database, { releaseId: other, version: '3' })
    addPackage(at.database, { releaseId, name: 'tool2', version: '4' })
    expect(versionsOf(at.database, 'tool', releaseId).map(({ version }) => version).sort()).toEqual(['1', '2'])
    for (let version = 3; version < 510; version++) addPackage(at.database, { releaseId, version: `${version}` })
    expect(versionsOf(at.database, 'tool', releaseId)).toHaveLength(500)
  })
})

describe('packagesExactly()', () => {
  it('gives a name and version of whatever release, and nothing of another epoch', async () => {
    await using at = await temporaryDatabase()
    const { releaseId } = addRepository(at.database)
    const { releaseId: other } = addRepository(at.database, { release: 'debian-13-amd64', suite: 'trixie' })
    for (const id of [releaseId, other]) addPackage(at.database, { releaseId: id, version: '1.0-1' })
    addPackage(at.database, { releaseId, version: '1:1.0-1' })
    const found = packagesExactly(at.database, 'tool', '1.0-1')
    expect(found.map((row) => [row.releaseId, row.version])).toEqual([[releaseId, '1.0-1'], [other, '1.0-1']])
  })
})

describe('packagesOfAnyEpoch()', () => {
  it('compares what stands behind the epoch', async () => {
    await using at = await temporaryDatabase()
    const { releaseId } = addRepository(at.database)
    for (const version of ['1.0-1', '1:1.0-1', '12:1.0-1', '1.0-11', '2:11.0-1']) {
      addPackage(at.database, { releaseId, version })
    }
    const found = packagesOfAnyEpoch(at.database, 'tool', '1.0-1').map(({ version }) => version)
    expect(found.sort()).toEqual(['1.0-1', '12:1.0-1', '1:1.0-1'])
  })
})
