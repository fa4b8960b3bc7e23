import { Buffer } from 'node:buffer'
import { describe, expect, it } from 'vitest'
import {
  addFile,
  chargeAnother,
  chargedContents,
  filesOf,
  filesOnDisk,
  forgetFile,
  forgetFiles,
  holdersOf,
  keptFiles,
} from '../../../../src/packages/index/files.ts'
import {
  addBuildId,
  addKeptFile,
  addPackage,
  addRepository,
  bytes,
  temporaryDatabase,
} from '../../../helpers/index_rows.ts'

const ID = 'ab'.repeat(20)
const SHA256 = bytes('content')

describe('keptFiles()', () => {
  it('gives the files of a build-id, of packages that are here, by package and path, each once', async () => {
    await using at = await temporaryDatabase()
    const { releaseId } = addRepository(at.database)
    const here = addPackage(at.database, { releaseId, folder: 'tool_1_amd64' })
    const absent = addPackage(at.database, { releaseId, version: '2' })
    const buildId = Buffer.from(ID, 'hex')
    for (const packageId of [absent, here]) {
      for (const role of ['code', 'debug']) addBuildId(at.database, packageId, ID, role)
      for (const path of ['/usr/lib/b', '/usr/lib/a']) addKeptFile(at.database, { packageId, path, buildId })
      addKeptFile(at.database, { packageId, path: '/usr/lib/c', buildId: Buffer.from('cd'.repeat(20), 'hex') })
    }
    const found = keptFiles(at.database, ID)
    expect(found.map(({ id, path }) => [id, path])).toEqual([[here, '/usr/lib/a'], [here, '/usr/lib/b']])
    expect(found[0]).toMatchObject({
      release: 'debian-12-amd64',
      format: 'deb',
      role: 'code',
      fileSize: 100,
      hasDebug: false,
      buildId,
      altBuildId: null,
      folder: 'tool_1_amd64',
    })
  })
})

describe('the files of a package', () => {
  it('finds the files of a package without its links to look up, and with them to compare with the disk', async () => {
    await using at = await temporaryDatabase()
    const { releaseId } = addRepository(at.database)
    const packageId = addPackage(at.database, { releaseId, folder: 'f' })
    addFile(at.database, {
      packageId,
      path: '/usr/lib/libtool.so.1.0',
      role: 'code',
      size: 7,
      buildId: Buffer.from(ID, 'hex'),
      hasDebug: true,
      altBuildId: null,
      target: null,
      sha256: SHA256,
      isShared: false,
    })
    addKeptFile(at.database, {
      packageId,
      path: '/usr/lib/libtool.so.1',
      role: 'link',
      target: '/usr/lib/libtool.so.1.0',
    })
    expect(filesOf(at.database, packageId).map(({ path, fileSize, hasDebug }) => [path, fileSize, hasDebug])).toEqual([
      ['/usr/lib/libtool.so.1.0', 7, true],
    ])
    const common = { buildId: null, sha256: null, target: null }
    expect(filesOnDisk(at.database, packageId)).toEqual([
      { ...common, path: '/usr/lib/libtool.so.1', role: 'link', size: 100, target: '/usr/lib/libtool.so.1.0' },
      {
        ...common,
        path: '/usr/lib/libtool.so.1.0',
        role: 'code',
        size: 7,
        buildId: Buffer.from(ID, 'hex'),
        sha256: SHA256,
      },
    ])
    forgetFiles(at.database, packageId)
    expect(filesOnDisk(at.database, packageId)).toEqual([])
  })

  it('forgets files one by one with the bytes that they were charged for', async () => {
    await using at = await temporaryDatabase()
    const { releaseId } = addRepository(at.database)
    const id = addPackage(at.database, { releaseId })
    addKeptFile(at.database, { packageId: id, path: '/a', size: 5 })
    addKeptFile(at.database, { packageId: id, path: '/b', size: 6, isShared: true })
    addKeptFile(at.database, { packageId: id, path: '/c' })
    expect(['/a', '/b', '/nothing'].map((path) => forgetFile(at.database, { id, path }))).toEqual([5, 0, 0])
    expect(filesOnDisk(at.database, id).map(({ path }) => path)).toEqual(['/c'])
  })
})

describe('a content that several packages hold', () => {
  it('holdersOf() finds two others that hold a content, those that are charged for it first', async () => {
    await using at = await temporaryDatabase()
    const { releaseId } = addRepository(at.database)
    const ids = ['1', '2', '3', '4'].map((version) => addPackage(at.database, { releaseId, version, folder: version }))
    const absent = addPackage(at.database, { releaseId, version: '5' })
    for (const packageId of [...ids, absent]) {
      addKeptFile(at.database, { packageId, path: '/a', sha256: SHA256, isShared: packageId !== ids[2] })
    }
    const found = holdersOf(at.database, SHA256.toString('hex'), { except: ids[0] ?? 0 })
    expect(found).toHaveLength(2)
    expect(found[0]).toEqual({ id: ids[2], release: 'debian-12-amd64', folder: '3', path: '/a' })
    expect(found.map(({ id }) => id)).not.toContain(absent)
  })

  it('chargeAnother() charges a content to another package that is kept, and to nobody when none is', async () => {
    await using at = await temporaryDatabase()
    const { releaseId } = addRepository(at.database)
    const [one, two, lost] = [{ kept: 1 }, { kept: 1 }, { kept: null }].map((row, version) =>
      addPackage(at.database, { releaseId, version: `${version}`, ...row })
    )
    if (one === undefined || two === undefined || lost === undefined) throw new Error('Expected three packages')
    addKeptFile(at.database, { packageId: one, path: '/a', sha256: SHA256, size: 9 })
    addKeptFile(at.database, { packageId: one, path: '/without-a-hash' })
    for (const packageId of [lost, two]) {
      addKeptFile(at.database, { packageId, path: '/b', sha256: SHA256, size: 9, isShared: true })
    }
    expect(chargedContents(at.database, one)).toEqual([{ sha256: SHA256, size: 9 }])
    expect(chargedContents(at.database, two)).toEqual([])
    expect(chargeAnother(at.database, { sha256: SHA256, except: one })).toBe(two)
    expect(chargedContents(at.database, two)).toEqual([{ sha256: SHA256, size: 9 }])
    expect(chargeAnother(at.database, { sha256: SHA256, except: one })).toBeUndefined()
  })
})
