import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { makeRepositories } from '../../../src/init/repositories.ts'
import { temporaryFolder } from '../../helpers/folder.ts'

it('makeRepositories() gives each file a name of its own, and keeps what not everybody may read', async () => {
  await using folder = await temporaryFolder()
  const list = folder.file('etc', 'apt', 'sources.list.d')
  mkdirSync(list, { recursive: true })
  mkdirSync(folder.file('repos.d'))
  writeFileSync(folder.file('etc', 'os-release'), 'ID=debian\nVERSION_ID="12"\n')
  writeFileSync(`${list}/tools.list`, 'deb [trusted=yes] https://a.example/apt stable main\n')
  writeFileSync(
    `${list}/tools.sources`,
    'Types: deb\nURIs: https://me:secret@b.example/apt\nSuites: stable\nComponents: main\n',
  )
  chmodSync(`${list}/tools.sources`, 0o600)
  symlinkSync('/nowhere', `${list}/gone.list`)
  makeRepositories(folder.file('repos.d'), { etc: folder.file('etc') })
  expect(readdirSync(folder.file('repos.d')).sort()).toEqual(['tools-2.sources', 'tools.sources'])
  expect(readFileSync(folder.file('repos.d', 'tools-2.sources'), 'utf8')).toContain('secret')
  expect(statSync(folder.file('repos.d', 'tools.sources')).mode & 0o777).toBe(0o644)
  expect(statSync(folder.file('repos.d', 'tools-2.sources')).mode & 0o777).toBe(0o600)
})
