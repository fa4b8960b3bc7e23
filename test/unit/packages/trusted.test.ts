import { mkdirSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { usualKeyRings } from '../../../src/packages/deb/trusted.ts'
import { temporaryFolder } from '../../helpers/folder.ts'

describe('usualKeyRings()', () => {
  it('are those that apt trusts, whatever their form, without what is empty or no key ring', async () => {
    await using folder = await temporaryFolder()
    mkdirSync(folder.file('trusted.gpg.d'))
    for (const name of ['b.gpg', 'a.asc', 'c.txt', 'd.gpg~']) writeFileSync(folder.file('trusted.gpg.d', name), 'key')
    writeFileSync(folder.file('trusted.gpg.d', 'empty.gpg'), '')
    writeFileSync(folder.file('trusted.gpg'), '')
    const parts = ['a.asc', 'b.gpg'].map((name) => folder.file('trusted.gpg.d', name))
    expect(usualKeyRings(folder.path, folder.file('none.gpg'))).toEqual(parts)
    writeFileSync(folder.file('trusted.gpg'), 'key')
    writeFileSync(folder.file('own.gpg'), 'key')
    const all = [folder.file('own.gpg'), folder.file('trusted.gpg'), ...parts]
    expect(usualKeyRings(folder.path, folder.file('own.gpg'))).toEqual(all)
  })

  it('are the one that is missed where there is none', async () => {
    await using folder = await temporaryFolder()
    expect(usualKeyRings(folder.file('none'), folder.file('own.gpg'))).toEqual([folder.file('own.gpg')])
  })
})
