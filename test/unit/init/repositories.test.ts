import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { makeRepositories } from '../../../src/init/repositories.ts'
import { readAuthEntries } from '../../../src/packages/transfer/auth_conf.ts'
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

it('makeRepositories() takes the passwords of apt along, for the service alone, and changes none that are there', async () => {
  await using folder = await temporaryFolder()
  const apt = folder.file('etc', 'apt')
  mkdirSync(`${apt}/auth.conf.d`, { recursive: true })
  writeFileSync(folder.file('etc', 'os-release'), 'ID=debian\nVERSION_ID="12"\n')
  writeFileSync(`${apt}/sources.list`, 'deb https://a.example/debian bookworm main\n')
  writeFileSync(`${apt}/auth.conf`, 'machine a.example login me password one')
  writeFileSync(`${apt}/auth.conf.d/90-b.conf`, '# b\nmachine b.example\nlogin me\npassword two\n')
  writeFileSync(`${apt}/auth.conf.d/90-b.conf.dpkg-old`, 'machine b.example login me password old\n')
  for (const [name, before] of [['new'], ['old', 'machine mine.example login me password mine\n']] as const) {
    const reposD = folder.file(name)
    mkdirSync(reposD)
    if (before !== undefined) writeFileSync(`${reposD}/auth.conf`, before)
    const said = makeRepositories(reposD, { etc: folder.file('etc'), owner: { uid: 65_534, gid: 65_534 } })
    expect(said).toContainEqual(
      expect.stringMatching(before === undefined ? /^made .*\/auth\.conf$/ : /auth\.conf is there, it stays/),
    )
    if (before !== undefined) expect(readFileSync(`${reposD}/auth.conf`, 'utf8')).toBe(before)
  }
  expect(readAuthEntries(folder.file('new')).map(({ host, credentials }) => [host, credentials.password])).toEqual([
    ['a.example', 'one'],
    ['b.example', 'two'],
  ])
  expect(statSync(folder.file('new', 'auth.conf'))).toMatchObject({ uid: 0, gid: 65_534, mode: 0o100640 })
})
