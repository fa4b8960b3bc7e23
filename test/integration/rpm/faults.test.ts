import { execFileSync } from 'node:child_process'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { MadeSource } from '../../helpers/rpm_repository.ts'
import { makeRpmWorld, type RpmWorld } from './world.ts'

const TOOL: MadeSource = { name: 'tool', version: '1.0-1.fc40', files: { '/usr/bin/tool': { copy: '/bin/true' } } }

/** What the index says of a file that was altered after createrepo_c: the attacker has the mirror, not the key. */
function publishAltered(world: RpmWorld, path: string, alter: (bytes: Uint8Array) => Uint8Array): void {
  const file = world.repository.path(path)
  writeFileSync(file, alter(readFileSync(file)))
  world.repository.publish()
}

describe('a package', () => {
  it.each(
    [
      ['that nobody signed', 'none', /it has none/],
      ['that a key signed which the section does not name', 'other', /NOKEY/],
    ] as const,
  )('refuses a package %s, and leaves nothing', async (_, signature, why) => {
    await using world = await makeRpmWorld()
    world.repository.add({ ...TOOL, signature })
    world.repository.publish()
    expect(await world.sync()).toBe(0)
    await expect(world.fetch(world.row('tool'))).rejects.toThrow(why)
    expect(world.row('tool').folder).toBeNull()
    await expect(world.fetch(world.row('tool'))).rejects.toThrow('tried before')
  })

  it('refuses a package with a good header and another payload', async () => {
    await using world = await makeRpmWorld()
    const { tool = '' } = world.repository.add(TOOL)
    publishAltered(world, tool, (bytes) => {
      bytes[bytes.length - 100] = (bytes[bytes.length - 100] ?? 0) ^ 1
      return bytes
    })
    await world.sync()
    await expect(world.fetch(world.row('tool'))).rejects.toThrow(/Payload SHA256 digest: BAD/)
    expect(world.row('tool').folder).toBeNull()
  })

  it('refuses what is no package at all', async () => {
    await using world = await makeRpmWorld()
    const { tool = '' } = world.repository.add(TOOL)
    world.repository.publish()
    await world.sync()
    const size = world.row('tool').size
    writeFileSync(world.repository.path(tool), new Uint8Array(size))
    await expect(world.fetch(world.row('tool'))).rejects.toThrow('SHA256')
  })

  it('takes a package without signature where the section says gpgcheck=0', async () => {
    await using world = await makeRpmWorld()
    world.repository.add({ ...TOOL, signature: 'none' })
    world.repository.publish()
    world.configure({ gpgcheck: '0', gpgkey: '', repo_gpgcheck: '0' })
    await world.sync()
    await world.fetch(world.row('tool'))
    expect(world.row('tool').folder).toBe('tool-1.0-1.fc40.x86_64')
  })

  it('refuses a package of a section that is no longer configured, since nobody says which keys may sign', async () => {
    await using world = await makeRpmWorld()
    world.repository.add(TOOL)
    world.repository.publish()
    await world.sync()
    rmSync(world.folder.file('repos.d/test.repo'))
    await expect(world.fetch(world.row('tool'))).rejects.toThrow('[fedora] is no longer configured')
  })

  it('fetches a package from the second mirror when the first has lost it', async () => {
    await using world = await makeRpmWorld()
    const { tool = '' } = world.repository.add(TOOL)
    world.repository.publish()
    cpSync(world.repository.root, world.folder.file('other'), { recursive: true })
    world.configure({ baseurl: `${world.url()} ${world.server.url}other/` })
    await world.sync()
    world.repository.remove(tool)
    await world.fetch(world.row('tool'))
    expect(world.server.requests.slice(-1)).toEqual([`/other/${tool}`])
  })
})

describe('an index', () => {
  it.each(
    [
      ['that another key signed', 'other', 'No key that'],
      ['without a signature', 'none', '404'],
    ] as const,
  )('refuses an index %s where repo_gpgcheck=1', async (_, signature, why) => {
    await using world = await makeRpmWorld()
    world.repository.add(TOOL)
    world.repository.publish({ signature })
    expect(await world.sync()).toBe(1)
    expect(world.known()).toEqual([])
    world.configure({ repo_gpgcheck: '0' })
    expect(await world.sync()).toBe(0)
    world.configure()
    expect(await world.sync()).toBe(1)
    expect(world.error()).toContain(why)
  })

  it('refuses an index of an older generation, although it is signed, and the newer one stays', async () => {
    await using world = await makeRpmWorld()
    world.repository.add(TOOL)
    world.repository.publish({ date: 1_700_000_000 })
    const older = world.folder.file('older')
    cpSync(world.repository.path('repodata'), older, { recursive: true })
    world.repository.add({ ...TOOL, version: '1.0-2.fc40' })
    world.repository.publish({ date: 1_700_001_000 })
    await world.sync()
    rmSync(world.repository.path('repodata'), { recursive: true })
    cpSync(older, world.repository.path('repodata'), { recursive: true })
    expect(await world.sync()).toBe(1)
    expect(world.error()).toContain('older than the one')
    expect(world.row('tool', '1.0-2.fc40').gone).toBeNull()
  })

  it('reads an index once more that is replaced between two requests', async () => {
    await using world = await makeRpmWorld()
    world.repository.add(TOOL)
    world.repository.publish({ date: 1_700_000_000 })
    let replaced = false
    world.server.before = (path) => {
      if (replaced || !path.endsWith('primary.xml.gz')) return
      replaced = true
      world.repository.add({ ...TOOL, version: '1.0-2.fc40' })
      world.repository.publish({ date: 1_700_001_000 })
    }
    expect(await world.sync()).toBe(0)
    expect(world.known()).toEqual(['tool 1.0-1.fc40 x86_64', 'tool 1.0-2.fc40 x86_64'])
  })

  it.each(['altered', 'missing', 'announces-10-gb'] as const)(
    'an index that is %s leaves the old generation',
    async (fault) => {
      await using world = await makeRpmWorld()
      world.repository.add(TOOL)
      world.repository.publish({ date: 1_700_000_000 })
      await world.sync()
      world.repository.add({ ...TOOL, version: '1.0-2.fc40' })
      world.repository.publish({ date: 1_700_001_000 })
      world.server.fault('primary.xml.gz', fault)
      expect(await world.sync()).toBe(1)
      expect(world.known()).toEqual(['tool 1.0-1.fc40 x86_64'])
      expect(world.error()).not.toBeNull()
      world.server.fault('primary.xml.gz', undefined)
      expect(await world.sync()).toBe(0)
      expect(world.known()).toHaveLength(2)
    },
  )

  it('refuses an index with entities', async () => {
    await using world = await makeRpmWorld()
    world.repository.add(TOOL)
    world.repository.publish()
    world.repository.replaceIndex('primary', (text) => text.replace('?>', '?>\n<!DOCTYPE metadata [<!ENTITY a "b">]>'))
    expect(await world.sync()).toBe(1)
    expect(world.error()).toContain('document type')
  })

  it('refuses an index that unpacks to more than repomd.xml says, or to more than anybody needs', async () => {
    await using world = await makeRpmWorld()
    world.repository.add(TOOL)
    world.repository.publish()
    const repomd = world.repository.path('repodata/repomd.xml')
    const says = (size: number) => {
      const [head = '', tail = ''] = readFileSync(repomd, 'utf8').split('<data type="filelists">')
      writeFileSync(repomd, `${head}<data type="filelists">${tail.replace(/<open-size>\d+/, `<open-size>${size}`)}`)
      world.repository.signIndex()
    }
    says(10)
    expect(await world.sync()).toBe(1)
    expect(world.error()).toContain('unpacks to more than 10 bytes')
    says(10 * 2 ** 30)
    expect(await world.sync()).toBe(1)
    expect(world.error()).toContain('unpacks to 10737418240 bytes')
    expect(world.index.ownersOf('/usr/bin/tool', world.row('tool').releaseId)).toEqual([])
  })

  it('an index of 400 MB, packed into less than one, costs no more than what it announces', async () => {
    await using world = await makeRpmWorld()
    world.repository.add(TOOL)
    world.repository.publish({ compression: 'zstd' })
    const line = `<file>/usr/share/doc/${'a'.repeat(200)}</file>\n`
    const script = `(echo '<filelists>'; yes '${line.trim()}' | head -c 400000000) | zstd -q --fast=5 -T1`
    const bomb = execFileSync('sh', ['-c', script], { maxBuffer: 1 << 28 })
    expect(bomb.length).toBeLessThan(1 << 20)
    world.repository.replaceFile('filelists', bomb)
    expect(await world.sync()).toBe(1)
    expect(world.error()).toMatch(/unpacks to more than \d+ bytes/)
  })

  it('takes an index that names a package outside the repository without that package', async () => {
    await using world = await makeRpmWorld()
    world.repository.add(TOOL)
    world.repository.add({ ...TOOL, name: 'evil' })
    world.repository.add({ ...TOOL, name: 'worse' })
    world.repository.publish()
    world.repository.replaceIndex(
      'primary',
      (text) =>
        text.replace('href="Packages/evil', 'href="../../evil').replace(
          'href="Packages/worse',
          'href="http://127.0.0.1:1/worse',
        ),
    )
    expect(await world.sync()).toBe(0)
    expect(world.known()).toEqual(['tool 1.0-1.fc40 x86_64'])
  })
})
