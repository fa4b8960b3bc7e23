import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isPackageKnown, supportedReleases } from '../../../src/packages/releases.ts'
import { isLease, takeLease } from '../../../src/packages/index/lease.ts'
import { makeWorld, type World } from '../packages/world.ts'

const TOOL = { name: 'tool', version: '1.0-1', files: { '/usr/bin/tool': { bytes: 'x' } } }
const HOUR = 3_600_000

function known(world: World): string[] {
  const rows = world.database.$client.prepare('SELECT name, version FROM package ORDER BY name, version').all() as {
    name: string
    version: string
  }[]
  return rows.map(({ name, version }) => `${name} ${version}`)
}

describe('abrt-reposync', () => {
  it('takes packages, paths and build-ids of a signed suite into the index', async () => {
    await using world = await makeWorld()
    world.repository.add(TOOL)
    world.repository.add({ name: 'tool-dbg', version: '1.0-1', source: 'tool', files: {}, buildIds: ['ab'.repeat(20)] })
    world.repository.add({
      name: 'old-dbg',
      version: '2',
      files: { [`/usr/lib/debug/.build-id/cd/${'cd'.repeat(19)}.debug`]: { bytes: 'x' } },
    })
    world.repository.publish()
    expect(await world.sync()).toBe(0)
    expect(supportedReleases(world.database)).toEqual(['debian-12-amd64'])
    expect(world.index.ownersOf('/usr/bin/tool', world.row('tool').releaseId)).toEqual(['tool'])
    expect(world.index.packagesWith('ab'.repeat(20), 'debug').map(({ name }) => name)).toEqual(['tool-dbg'])
    expect(world.index.packagesWith('cd'.repeat(20), 'debug').map(({ name }) => name)).toEqual(['old-dbg'])
    expect(world.index.madeFrom(world.row('tool')).map(({ name }) => name)).toEqual(['tool', 'tool-dbg'])
  })

  it('answers /checkpackage in both spellings, epoch included', async () => {
    await using world = await makeWorld()
    world.repository.add({ ...TOOL, version: '2:1.0-3+b1' })
    world.repository.add({ ...TOOL, name: 'script', architecture: 'all' })
    world.repository.publish()
    await world.sync()
    const ask = (nvr: string, arch: string, release: string) => isPackageKnown(world.database, { nvr, arch, release })
    expect(ask('tool-2:1.0-3+b1', 'x86_64', 'debian-12-x86_64')).toBe(true)
    expect(ask('tool-2:1.0-3+b1', 'amd64', 'debian-12-amd64')).toBe(true)
    expect(ask('script-1.0-1', 'noarch', 'debian-12-x86_64')).toBe(true)
    expect(ask('tool-1.0-3+b1', 'x86_64', 'debian-12-x86_64')).toBe(true)
    expect(ask('tool-1:1.0-3+b1', 'x86_64', 'debian-12-x86_64')).toBe(false)
    expect(ask('tool-2:1.0-3+b1', 'i686', 'debian-12-x86_64')).toBe(false)
    expect(ask('tool-2:1.0-3+b1', 'x86_64', 'fedora-12-x86_64')).toBe(false)
    expect(ask('', '', '')).toBe(false)
  })

  it('costs one request when nothing has changed', async () => {
    await using world = await makeWorld()
    world.repository.add(TOOL)
    world.repository.publish()
    await world.sync()
    world.server.requests.length = 0
    expect(await world.sync()).toBe(0)
    expect(world.server.requests).toEqual(['/dists/bookworm/InRelease'])
  })

  it('keeps versions that vanish upstream known, and says that they are gone', async () => {
    await using world = await makeWorld()
    const path = world.repository.add(TOOL)
    world.repository.publish({ date: new Date(Date.now() - HOUR) })
    await world.sync()
    world.repository.remove(path)
    world.repository.add({ ...TOOL, version: '1.0-2' })
    world.repository.publish()
    await world.sync()
    expect(known(world)).toEqual(['tool 1.0-1', 'tool 1.0-2'])
    expect(world.row('tool', '1.0-1').gone).not.toBeNull()
    expect(world.row('tool', '1.0-2').gone).toBeNull()
  })

  it.each(['inline', 'detached'] as const)('accepts a suite with a signature that is %s', async (signature) => {
    await using world = await makeWorld()
    world.repository.add(TOOL)
    world.repository.publish({ signature, byHash: true })
    expect(await world.sync()).toBe(0)
    expect(known(world)).toEqual(['tool 1.0-1'])
    expect(world.server.requests.some((path) => path.includes('/by-hash/SHA256/'))).toBe(true)
  })

  it('reads a key that stands in the file itself', async () => {
    await using world = await makeWorld()
    world.repository.add(TOOL)
    world.repository.publish()
    const key = world.repository.armouredKey.trim().split('\n').map((line) => ` ${line || '.'}`).join('\n')
    world.configure({ 'Signed-By': `\n${key}` })
    expect(await world.sync()).toBe(0)
    expect(known(world)).toEqual(['tool 1.0-1'])
  })

  it('refuses a suite that another key signed, and one without a signature', async () => {
    await using world = await makeWorld()
    world.repository.add(TOOL)
    world.repository.publish({ otherKey: true })
    expect(await world.sync()).toBe(1)
    world.repository.publish({ signature: 'none' })
    expect(await world.sync()).toBe(1)
    world.repository.publish({ otherKey: true, signature: 'detached' })
    expect(await world.sync()).toBe(1)
    expect(known(world)).toEqual([])
  })

  it('reads nothing of what stands outside the signed part', async () => {
    await using world = await makeWorld()
    world.repository.add(TOOL)
    world.repository.publish()
    const file = join(world.repository.root, 'dists/bookworm/InRelease')
    writeFileSync(file, `Origin: Evil\nVersion: 66\n\n${readFileSync(file, 'utf8')}\nSHA256:\n bad\n`)
    const code = await world.sync()
    expect(supportedReleases(world.database)).toEqual(code === 0 ? ['debian-12-amd64'] : [])
    expect(world.index.releases().map(({ name }) => name)).not.toContain('evil-66-amd64')
  })

  it('refuses a signed text that was altered', async () => {
    await using world = await makeWorld()
    world.repository.add(TOOL)
    world.repository.publish()
    const file = join(world.repository.root, 'dists/bookworm/InRelease')
    writeFileSync(file, readFileSync(file, 'utf8').replace('Version: 12.5', 'Version: 13.5'))
    expect(await world.sync()).toBe(1)
    expect(known(world)).toEqual([])
  })

  it('refuses an older generation than the one that is here, and keeps that', async () => {
    await using world = await makeWorld()
    world.repository.add(TOOL)
    world.repository.publish()
    await world.sync()
    world.repository.add({ ...TOOL, version: '0.9' })
    world.repository.publish({ date: new Date(Date.now() - HOUR) })
    expect(await world.sync()).toBe(1)
    expect(world.error()).toContain('older than the one')
    expect(known(world)).toEqual(['tool 1.0-1'])
  })

  it('refuses an expired suite, unless Check-Valid-Until says no', async () => {
    await using world = await makeWorld()
    world.repository.add(TOOL)
    world.repository.publish({ validUntil: new Date(Date.now() - HOUR) })
    expect(await world.sync()).toBe(1)
    expect(known(world)).toEqual([])
    world.configure({ 'Check-Valid-Until': 'no' })
    expect(await world.sync()).toBe(0)
    expect(known(world)).toEqual(['tool 1.0-1'])
  })

  it.each(
    [
      'altered',
      'missing',
      'longer',
      'shorter',
      'error',
      'announces-10-gb',
      'redirects-forever',
      'redirects-to-file',
    ] as const,
  )(
    'leaves the old generation when an index is %s',
    async (fault) => {
      await using world = await makeWorld()
      world.repository.add(TOOL)
      world.repository.publish({ date: new Date(Date.now() - HOUR) })
      await world.sync()
      world.repository.add({ ...TOOL, version: '1.0-2' })
      world.repository.publish()
      world.server.fault('Packages.xz', fault)
      world.server.fault('Packages.gz', fault)
      expect(await world.sync()).toBe(1)
      expect(known(world)).toEqual(['tool 1.0-1'])
      expect(world.error()).not.toBeNull()
      world.server.fault('Packages.xz', undefined)
      world.server.fault('Packages.gz', undefined)
      expect(await world.sync()).toBe(0)
      expect(known(world)).toEqual(['tool 1.0-1', 'tool 1.0-2'])
    },
  )

  it('goes on where an index was cut', async () => {
    await using world = await makeWorld()
    world.repository.add(TOOL)
    world.repository.publish()
    world.server.fault('Packages.xz', 'cut-once')
    world.server.fault('Packages.gz', 'cut-once')
    expect(await world.sync()).toBe(0)
    expect(world.server.requests.some((request) => request.includes('[bytes='))).toBe(true)
    expect(known(world)).toEqual(['tool 1.0-1'])
  })

  it('changes nothing with --dry-run, and syncs just the releases that are wanted', async () => {
    await using world = await makeWorld()
    world.repository.add(TOOL)
    world.repository.publish()
    expect(await world.sync({ dryRun: true })).toBe(0)
    expect(known(world)).toEqual([])
    expect(world.index.releases()).toEqual([])
    expect(world.server.requests).toEqual(['/dists/bookworm/InRelease'])
    await expect(world.sync({ releases: ['debian-13'] })).rejects.toThrow(
      '--release debian-13: no repository feeds such a release; known are debian-12-amd64',
    )
    expect(known(world)).toEqual([])
    expect(await world.sync({ releases: ['debian-12'] })).toBe(0)
    expect(known(world)).toEqual(['tool 1.0-1'])
  })

  it('abrt-reposync does nothing, successfully, while another one is at work, and takes over from a dead one', async () => {
    await using world = await makeWorld()
    world.repository.add(TOOL)
    world.repository.publish()
    const taken = takeLease(world.database, 'sync')
    expect(isLease(taken)).toBe(true)
    expect(await world.sync()).toBe(0)
    expect(known(world)).toEqual([])
    world.database.$client.prepare("UPDATE lease SET pid = 999999999, started = '1'").run()
    expect(await world.sync()).toBe(0)
    expect(known(world)).toEqual(['tool 1.0-1'])
    if (isLease(taken)) taken[Symbol.dispose]()
  })
})
