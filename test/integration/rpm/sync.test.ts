import { execFileSync } from 'node:child_process'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { isPackageKnown, supportedReleases } from '../../../src/packages/releases.ts'
import type { MadeSource } from '../../helpers/rpm_repository.ts'
import { makeRpmWorld, type RpmWorld } from './world.ts'
import { saidBy } from '../../helpers/said.ts'

const TOOL: MadeSource = { name: 'tool', version: '1.0-1.fc40', files: { '/usr/bin/tool': { bytes: 'x' } } }

function buildIdOf(file: string): string {
  const notes = execFileSync('readelf', ['-n', file], { encoding: 'utf8' })
  return /Build ID: ([0-9a-f]+)/.exec(notes)?.[1] ?? ''
}

/** A program and a library of one source, split as Fedora splits them. */
function demo(world: RpmWorld): Record<string, string> {
  const shared = 'struct big { int a; long b; char name[20]; struct big *next; };'
  return world.repository.add({
    name: 'demo',
    version: '2:1.0-1.fc40',
    debuginfo: true,
    sources: {
      'demo.c': `${shared} int main(int c, char **v) { struct big b = {c}; return b.a; }`,
      'libdemo.c': `${shared} int help(struct big *b) { return b->a; }`,
    },
    build: [
      'mkdir -p $ROOT/usr/bin $ROOT/usr/lib64',
      'gcc -g -O1 -Wl,--build-id=sha1 -o $ROOT/usr/bin/demo demo.c',
      'ln $ROOT/usr/bin/demo $ROOT/usr/bin/demo-hard',
      'gcc -g -O1 -Wl,--build-id=sha1 -shared -fPIC -o $ROOT/usr/lib64/libdemo.so.1 libdemo.c',
    ],
    files: { '/usr/bin/demo': 'built', '/usr/bin/demo-hard': 'built' },
    subpackages: { libs: { '/usr/lib64/libdemo.so.1': 'built' } },
  })
}

describe('abrt-reposync with a yum repository', () => {
  it('takes packages, paths, build-ids and sources into the index', async () => {
    await using world = await makeRpmWorld()
    demo(world)
    world.repository.add({ ...TOOL, architecture: 'noarch' })
    world.repository.publish()
    expect(await world.sync()).toBe(0)
    expect(supportedReleases(world.database)).toEqual(['fedora-40-x86_64'])
    expect(world.known()).toEqual([
      'demo 2:1.0-1.fc40 x86_64',
      'demo-debuginfo 2:1.0-1.fc40 x86_64',
      'demo-debugsource 2:1.0-1.fc40 x86_64',
      'demo-libs 2:1.0-1.fc40 x86_64',
      'demo-libs-debuginfo 2:1.0-1.fc40 x86_64',
      'tool 1.0-1.fc40 noarch',
    ])
    const owners = (path: string) => world.index.ownersOf(path, world.row('demo').releaseId)
    expect(owners('/usr/bin/demo-hard')).toEqual(['demo'])
    expect(owners('/usr/lib64/libdemo.so.1')).toEqual(['demo-libs'])
    expect(world.index.madeFrom(world.row('demo')).map(({ name }) => name)).toEqual([
      'demo',
      'demo-debuginfo',
      'demo-debugsource',
      'demo-libs',
      'demo-libs-debuginfo',
    ])
    await world.fetch(world.row('demo'))
    const buildId = world.kept('demo').find(({ path }) => path === '/usr/bin/demo')?.buildId?.toString('hex') ?? ''
    expect(buildId).toMatch(/^[0-9a-f]{40}$/)
    const named = (role: 'code' | 'debug') => world.index.packagesWith(buildId, role).map(({ name }) => name)
    expect([named('code'), named('debug')]).toEqual([['demo'], ['demo-debuginfo']])
  })

  it('keeps what is loaded and debuginfo, in a folder with the name of the package', async () => {
    await using world = await makeRpmWorld()
    const paths = demo(world)
    world.repository.publish()
    await world.sync()
    for (const name of ['demo', 'demo-debuginfo', 'demo-libs-debuginfo']) await world.fetch(world.row(name))
    expect(world.row('demo').folder).toBe('demo-2:1.0-1.fc40.x86_64')
    expect(Object.keys(paths)).toContain('demo-debugsource')
    expect(world.kept('demo').map(({ path, role }) => `${role} ${path}`).sort()).toEqual([
      'code /usr/bin/demo',
      'code /usr/bin/demo-hard',
    ])
    const debug = world.kept('demo-libs-debuginfo')
    expect(debug.map(({ path, role }) => `${role} ${path}`)).toEqual([
      'debug /usr/lib/debug/usr/lib64/libdemo.so.1-1.0-1.fc40.x86_64.debug',
    ])
    const dwz = world.kept('demo-debuginfo').find(({ role }) => role === 'dwz')
    expect(dwz?.path).toBe('/usr/lib/debug/.dwz/demo-1.0-1.fc40.x86_64')
    expect(dwz?.buildId?.toString('hex')).toMatch(/^[0-9a-f]{40}$/)
    expect(debug[0]?.altBuildId?.toString('hex')).toBe(dwz?.buildId?.toString('hex'))
    const kept = world.folder.file('repo/fedora-40-x86_64/demo-2:1.0-1.fc40.x86_64/usr/bin/demo')
    expect(buildIdOf(kept)).toBe(world.kept('demo')[0]?.buildId?.toString('hex'))
  })

  it('answers /checkpackage, epoch included', async () => {
    await using world = await makeRpmWorld()
    world.repository.add({ ...TOOL, version: '2:1.0~rc1-3.fc40' })
    world.repository.add({ ...TOOL, name: 'script', architecture: 'noarch' })
    world.repository.publish()
    await world.sync()
    const ask = (nvr: string, arch: string, release = 'fedora-40-x86_64') =>
      isPackageKnown(world.database, { nvr, arch, release })
    expect(ask('tool-2:1.0~rc1-3.fc40', 'x86_64')).toBe(true)
    expect(ask('script-1.0-1.fc40', 'noarch')).toBe(true)
    expect(ask('tool-1:1.0~rc1-3.fc40', 'x86_64')).toBe(false)
    // What `rpm -qa` and package notes say has no epoch: it is found all the same.
    expect(ask('tool-1.0~rc1-3.fc40', 'x86_64')).toBe(true)
    expect(world.index.ofAnyEpoch('tool', '1.0~rc1-3.fc40').map(({ id }) => id)).toEqual([world.row('tool').id])
    expect(ask('tool-2:1.0~rc1-3.fc40', 'aarch64', 'fedora-40-aarch64')).toBe(false)
    expect(ask('tool-2:1.0~rc1-3.fc40', 'x86_64', 'fedora-41-x86_64')).toBe(false)
  })

  it('costs one request when nothing has changed, also where the index is signed', async () => {
    await using world = await makeRpmWorld()
    world.repository.add(TOOL)
    world.repository.publish()
    await world.sync()
    world.server.requests.length = 0
    expect(await world.sync()).toBe(0)
    expect(world.server.requests).toEqual(['/fedora/repodata/repomd.xml'])
    world.configure({ repo_gpgcheck: '0' })
    world.server.requests.length = 0
    expect(await world.sync()).toBe(0)
    expect(world.server.requests).toEqual(['/fedora/repodata/repomd.xml'])
  })

  it.each(
    [
      ['gz', 'sha256'],
      ['xz', 'sha256'],
      ['zstd', 'sha256'],
      ['gz', 'sha512'],
    ] as const,
  )('reads indices packed with %s and covered by %s', async (compression, checksum) => {
    await using world = await makeRpmWorld()
    world.repository.add(TOOL)
    world.repository.publish({ compression, checksum })
    expect(await world.sync()).toBe(0)
    expect(world.known()).toEqual(['tool 1.0-1.fc40 x86_64'])
  })

  it('takes i686 beside x86_64 into the release of x86_64, and leaves other architectures out', async () => {
    await using world = await makeRpmWorld()
    for (const architecture of ['x86_64', 'i686', 'aarch64', 'noarch']) {
      world.repository.add({ ...TOOL, name: `tool-${architecture}`, architecture })
    }
    world.repository.publish()
    world.configure({ retrace_architectures: 'x86_64 aarch64' })
    expect(await world.sync()).toBe(0)
    expect(supportedReleases(world.database)).toEqual(['fedora-40-aarch64', 'fedora-40-x86_64'])
    const rows = world.database.$client.prepare(
      "SELECT r.name || ' ' || p.name AS text FROM package p JOIN release r ON r.id = p.release_id ORDER BY text",
    ).all() as { text: string }[]
    expect(rows.map(({ text }) => text)).toEqual([
      'fedora-40-aarch64 tool-aarch64',
      'fedora-40-aarch64 tool-noarch',
      'fedora-40-x86_64 tool-i686',
      'fedora-40-x86_64 tool-noarch',
      'fedora-40-x86_64 tool-x86_64',
    ])
  })

  it('leaves packages out that the section excludes, and reads the index anew when that changes', async () => {
    await using world = await makeRpmWorld()
    for (const name of ['one', 'one-more', 'two']) world.repository.add({ ...TOOL, name })
    world.repository.publish()
    world.configure({ excludepkgs: 'one-m*' })
    await world.sync()
    expect(world.known().map((text) => text.split(' ')[0])).toEqual(['one', 'two'])
    world.configure({ includepkgs: 'one-more-1.0-1.fc40.x86_64, two.x86_64' })
    expect(await world.sync()).toBe(0)
    expect(world.row('one-more').gone).toBeNull()
    expect(world.row('two').gone).toBeNull()
    expect(world.row('one').gone).not.toBeNull()
  })

  it('goes over the mirrors of a metalink until one has what it has the hash of', async () => {
    await using world = await makeRpmWorld()
    world.repository.add(TOOL)
    world.repository.publish({ date: 1_700_000_000 })
    const lagging = world.folder.file('lagging')
    cpSync(world.repository.root, lagging, { recursive: true })
    world.repository.add({ ...TOOL, version: '1.0-2.fc40' })
    world.repository.publish({ date: 1_700_001_000 })
    const mirrors = [`${world.server.url}nowhere/`, `${world.server.url}lagging/`, world.url()]
    writeFileSync(world.folder.file('metalink'), world.repository.metalink(mirrors))
    world.configure({ baseurl: '', metalink: `${world.server.url}metalink?repo=fedora-40` })
    expect(await world.sync()).toBe(0)
    expect(world.known()).toEqual(['tool 1.0-1.fc40 x86_64', 'tool 1.0-2.fc40 x86_64'])
    await world.fetch(world.row('tool', '1.0-2.fc40'))
    expect(world.row('tool', '1.0-2.fc40').folder).not.toBeNull()
  })

  it('gets past a dozen mirrors that do not have it, and says how many were asked when none has', async () => {
    await using world = await makeRpmWorld()
    world.repository.add(TOOL)
    world.repository.publish()
    const dead = Array.from({ length: 12 }, (_, at) => `${world.server.url}nowhere${at}/`)
    const list = (...uris: string[]) => writeFileSync(world.folder.file('list'), `${uris.join('\n')}\n`)
    world.configure({ baseurl: '', mirrorlist: `${world.server.url}list` })
    list(...dead, world.url())
    expect(await world.sync()).toBe(0)
    await world.fetch(world.row('tool'))
    list(...dead)
    expect(await world.sync()).toBe(1)
    expect(world.error()).toContain('(all 12 mirrors were asked)')
  })

  it('passes over a mirror of a mirrorlist that lags behind, and refuses when all do', async () => {
    await using world = await makeRpmWorld()
    world.repository.add(TOOL)
    world.repository.publish({ date: 1_700_000_000 })
    cpSync(world.repository.root, world.folder.file('lagging'), { recursive: true })
    world.repository.add({ ...TOOL, version: '1.0-2.fc40' })
    world.repository.publish({ date: 1_700_001_000 })
    world.configure({ baseurl: '', mirrorlist: `${world.server.url}list` })
    const list = (...uris: string[]) => writeFileSync(world.folder.file('list'), `# mirrors\n${uris.join('\n')}\n`)
    list(world.url())
    expect(await world.sync()).toBe(0)
    list(`${world.server.url}lagging`, world.url())
    expect(await world.sync()).toBe(0)
    expect(world.row('tool', '1.0-2.fc40').gone).toBeNull()
    list(`${world.server.url}lagging`)
    expect(await world.sync()).toBe(1)
    expect(world.error()).toContain('older than the one')
    expect(world.row('tool', '1.0-2.fc40').gone).toBeNull()
  })

  it('keeps the list of mirrors that it has when a page of HTML comes in its place', async () => {
    await using world = await makeRpmWorld()
    world.repository.add({ name: 'tool', version: '1.0-1', files: {} })
    world.repository.publish()
    writeFileSync(world.folder.file('list'), `${world.url()}\n`)
    world.configure({ baseurl: '', mirrorlist: `${world.server.url}list` })
    expect(await world.sync()).toBe(0)
    world.server.fault('/list', 'html')
    let code: number | undefined
    const said = await saidBy(async () => {
      code = await world.sync()
      // What came is not what is kept now.
      code += await world.sync()
    })
    expect(said.match(/list is a page of HTML .*what an earlier sync has left is used/g)).toHaveLength(2)
    expect(code).toBe(0)
  })

  it('reads a key from an address, and remembers it', async () => {
    await using world = await makeRpmWorld()
    world.repository.add(TOOL)
    world.repository.publish()
    writeFileSync(world.folder.file('key'), readFileSync(world.repository.key.file))
    world.configure({ gpgkey: `${world.server.url}key` })
    expect(await world.sync()).toBe(0)
    await world.fetch(world.row('tool'))
    expect(world.server.requests.filter((path) => path === '/key')).toHaveLength(1)
  })

  it('takes what the good key has signed when another gpgkey has become a page of HTML, and names that address', async () => {
    await using world = await makeRpmWorld()
    world.repository.add(TOOL)
    world.repository.publish()
    writeFileSync(world.folder.file('key'), readFileSync(world.repository.key.file))
    writeFileSync(world.folder.file('moved'), '<!doctype html><title>Moved</title>')
    world.configure({ gpgkey: `${world.server.url}moved ${world.server.url}key`, repo_gpgcheck: '1' })
    const said = await saidBy(() => world.sync())
    expect(said).toContain(`${world.server.url}moved is a page of HTML ('Moved')`)
    await world.fetch(world.row('tool'))
    world.configure({ gpgkey: `${world.server.url}moved`, repo_gpgcheck: '1' })
    expect(await world.sync()).toBe(1)
    expect(world.error()).toContain(`${world.server.url}moved is a page of HTML`)
  })
})
