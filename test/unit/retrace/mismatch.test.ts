/** A file whose build-id differs is never used, whatever it is taken for. */
import { Buffer } from 'node:buffer'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { FileRow, PackageIndex, PackageRow } from '../../../src/packages/index/lookup.ts'
import type { PackageUses } from '../../../src/packages/index/use.ts'
import { isMismatch, matching, matchingByPath } from '../../../workers/retrace/resolve/mismatch.ts'
import { Store } from '../../../workers/retrace/resolve/store.ts'
import { temporaryFolder } from '../../helpers/folder.ts'

const WANTED = 'ab'.repeat(20)
const OTHER = 'cd'.repeat(20)

describe('a mismatch', () => {
  it.each([
    [WANTED, false],
    [OTHER, true],
    [WANTED.slice(2), true],
    [WANTED.toUpperCase(), true],
    ['', true],
    [undefined, true],
  ])('a mismatch is every file that has not the whole build-id that is wanted: %s', (buildId, isOther) => {
    const file = { buildId }
    expect(isMismatch(WANTED, file)).toBe(isOther)
    expect(matching(WANTED, file)).toBe(isOther ? undefined : file)
    expect(matchingByPath({ buildId: WANTED }, file)).toBe(isOther ? undefined : file)
  })

  it('takes no file at the path of a module for a mismatch when the core holds no build-id', () => {
    for (const file of [{ buildId: OTHER }, { buildId: undefined }]) {
      expect(matchingByPath({ buildId: undefined }, file)).toBe(file)
    }
  })
})

describe('a store whose index is wrong about a build-id', () => {
  /** An index that answers every question about a build-id with the same files, which are there. */
  async function storeOf(rows: Partial<FileRow>[]) {
    const folder = await temporaryFolder()
    const whole = rows.map((row, index) => ({ id: index, release: 'r', fileSize: 4, altBuildId: null, ...row }))
    for (const { path = '' } of whole) {
      mkdirSync(dirname(folder.file('r', 'p', path)), { recursive: true })
      writeFileSync(folder.file('r', 'p', path), 'file')
    }
    const index = { keptFiles: () => [...whole], filesOf: () => [...whole] } as unknown as PackageIndex
    const uses = { claim: () => 'p' } as unknown as PackageUses
    const store = new Store(index, { repoDir: folder.path, releaseId: 1, uses, noteLost: () => undefined })
    return { store, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
  }

  const bytes = (hex: string) => Buffer.from(hex, 'hex')
  const all = (buildId: string, folder: string): Partial<FileRow>[] => [
    { path: `${folder}/code`, role: 'code', hasDebug: true, buildId: bytes(buildId) },
    { path: `${folder}/debug`, role: 'debug', buildId: bytes(buildId) },
    { path: `${folder}/dwz`, role: 'dwz', buildId: bytes(buildId) },
  ]

  it('gives no program, no debuginfo and no dwz file of another build', async () => {
    await using world = await storeOf(all(OTHER, 'a'))
    const { store } = world
    expect([store.code(WANTED, '/a/code'), store.debug(WANTED), store.dwz(WANTED)]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
    // It is there for who asks what a package has at a path.
    expect(store.at({ id: 1 } as PackageRow, '/a/code')?.buildId).toBe(OTHER)
  })

  it('gives the ones of the wanted build that stand behind those of others', async () => {
    await using world = await storeOf([...all(OTHER, 'a'), ...all(WANTED, 'b')])
    const { store } = world
    const found = [store.code(WANTED, '/a/code'), store.debug(WANTED), store.dwz(WANTED)]
    expect(found.map((file) => file?.path.split('/p/')[1])).toEqual(['b/code', 'b/debug', 'b/dwz'])
  })
})
