import { describe, expect, it } from 'vitest'
import {
  charge,
  isFolderTaken,
  keptBytes,
  keptFolders,
  keptPackages,
  noteKept,
  noteNotKept,
} from '../../../../src/packages/keep/kept_packages.ts'
import { addPackage, addRepository, temporaryDatabase } from '../../../helpers/index_rows.ts'

describe('keptPackages()', () => {
  it('gives what is kept, the longest unused first, and the bytes of all of it', async () => {
    await using at = await temporaryDatabase()
    const { releaseId } = addRepository(at.database)
    expect([keptPackages(at.database), keptBytes(at.database)]).toEqual([[], 0])
    const rows = [{ used: 3 }, { used: 1 }, { used: 1 }].map((row, version) =>
      addPackage(at.database, {
        releaseId,
        version: `${version}`,
        folder: `f${version}`,
        kept: 1,
        keptBytes: 5,
        ...row,
      })
    )
    addPackage(at.database, { releaseId, version: 'absent' })
    expect(keptPackages(at.database)).toEqual([
      { id: rows[1], release: 'debian-12-amd64', folder: 'f1' },
      { id: rows[2], release: 'debian-12-amd64', folder: 'f2' },
      { id: rows[0], release: 'debian-12-amd64', folder: 'f0' },
    ])
    expect(keptBytes(at.database)).toBe(15)
    expect(keptFolders(at.database, releaseId)).toEqual(new Set(['f0', 'f1', 'f2']))
    expect(keptFolders(at.database, releaseId + 1)).toEqual(new Set())
  })
})

describe('a package', () => {
  it('keeps a package, charges it, and keeps it no more', async () => {
    await using at = await temporaryDatabase()
    const { releaseId } = addRepository(at.database)
    const id = addPackage(at.database, { releaseId })
    noteKept(at.database, id, { folder: 'tool_1_amd64', bytes: 5_000_000_000, now: 7 })
    charge(at.database, id, 100)
    charge(at.database, id, -1)
    expect(keptBytes(at.database)).toBe(5_000_000_099)
    expect(noteNotKept(at.database, id)).toBe(5_000_000_099)
    expect([keptPackages(at.database), noteNotKept(at.database, id)]).toEqual([[], 0])
  })

  it('gives a package a folder for itself, beside another content of its version', async () => {
    await using at = await temporaryDatabase()
    const { releaseId } = addRepository(at.database)
    const row = { releaseId, name: 'tool', version: '1', architecture: 'amd64' }
    const first = addPackage(at.database, { ...row, size: 1, folder: 'f', kept: 1 })
    const second = addPackage(at.database, { ...row, size: 2 })
    const isTaken = (id: number, folder: string, more = {}) =>
      isFolderTaken(at.database, { ...row, id, ...more }, folder)
    expect([isTaken(second, 'f'), isTaken(first, 'f'), isTaken(second, 'g')]).toEqual([true, false, false])
    expect(isTaken(second, 'f', { architecture: 'arm64' })).toBe(false)
  })
})
