import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { makeWorld } from '../packages/world.ts'

const TOOL = { name: 'tool', version: '1.0-1', files: { '/usr/bin/tool': { bytes: 'x' } } }

describe('a suite', () => {
  it.each(['MD5Sum', 'SHA1'])('refuses a suite that has %s alone', async (sums) => {
    await using world = await makeWorld()
    world.repository.add(TOOL)
    world.repository.publish()
    const release = join(world.repository.root, 'dists/bookworm/Release')
    writeFileSync(release, readFileSync(release, 'utf8').replace('SHA256:', `${sums}:`))
    world.repository.sign()
    expect(await world.sync()).toBe(1)
    expect(world.index.releases()).toEqual([])
  })

  it('whose package has no SHA256 in the index loses just that package', async () => {
    await using world = await makeWorld()
    world.repository.add(TOOL)
    world.repository.add({ ...TOOL, name: 'weak', fields: { SHA256: '', MD5sum: 'd41d8cd98f00b204e9800998ecf8427e' } })
    world.repository.publish()
    expect(await world.sync()).toBe(0)
    expect(world.database.$client.prepare('SELECT name FROM package').pluck().all()).toEqual(['tool'])
  })

  it('reads a suite once more that was published anew while it was read', async () => {
    await using world = await makeWorld()
    world.repository.add(TOOL)
    world.repository.publish({ date: new Date(Date.now() - 5000) })
    world.repository.add({ ...TOOL, version: '1.0-2' })
    // The first request for an index finds the archive as it is a moment later.
    world.server.before = (path) => {
      if (!path.includes('Packages.')) return
      world.server.before = undefined
      world.repository.publish()
    }
    expect(await world.sync()).toBe(0)
    expect(world.row('tool', '1.0-2').gone).toBeNull()
    expect(world.server.requests.filter((path) => path.endsWith('InRelease'))).toHaveLength(2)
  })

  it('signed by a key that has expired is refused', async () => {
    await using world = await makeWorld()
    world.repository.add(TOOL)
    world.repository.publish()
    const home = world.folder.file('expired')
    execFileSync('mkdir', ['-m', '700', home])
    const gpg = (...args: string[]) =>
      execFileSync('gpg', ['--batch', '--quiet', '--pinentry-mode', 'loopback', '--passphrase', '', ...args], {
        env: { PATH: '/usr/bin:/bin', GNUPGHOME: home },
        stdio: 'pipe',
      })
    const then = ['--faked-system-time', '20200101T000000']
    const dist = join(world.repository.root, 'dists/bookworm')
    gpg(...then, '--quick-gen-key', 'old <old@example.org>', 'ed25519', 'sign', '30d')
    gpg('--export', '--output', world.folder.file('expired.gpg'))
    gpg(...then, '--yes', '--clearsign', '--output', join(dist, 'InRelease'), join(dist, 'Release'))
    execFileSync('gpgconf', ['--kill', 'all'], { env: { PATH: '/usr/bin:/bin', GNUPGHOME: home } })
    world.configure({ 'Signed-By': world.folder.file('expired.gpg') })
    expect(await world.sync()).toBe(1)
    expect(world.index.releases()).toEqual([])
  })
})
