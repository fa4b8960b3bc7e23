import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pack } from 'tar-stream'
import { describe, expect, it } from 'vitest'
import { Bandwidth } from '../../../src/packages/transfer/bandwidth.ts'
import { FetchError } from '../../../src/packages/format/error.ts'
import { fetchPackage } from '../../../src/packages/supply/package.ts'
import { removeKept } from '../../../src/packages/keep/kept.ts'
import { keptPackages } from '../../../src/packages/keep/kept_packages.ts'
import { Verifier } from '../../../src/packages/keep/verify.ts'
import { makeElf } from '../../helpers/made_elf.ts'
import { serveFolder } from '../../helpers/file_server.ts'
import { makeWorld, type World } from './world.ts'

const LIMITS = { answerMs: 400, idleMs: 400, minBytesPerSecond: 4096, slowMs: 800, requestMs: 20_000 }

async function get(world: World, name = 'lib', lines: string[] = []): Promise<void> {
  await fetchPackage(world.row(name), {
    config: world.config,
    database: world.database,
    signal: AbortSignal.timeout(20_000),
    say: (line) => void lines.push(line),
    limits: LIMITS,
  })
}

function storePath(world: World, ...names: string[]): string {
  return join(world.config.repoDir, 'debian-12-amd64', ...names)
}

/** A repository with one package `lib` that holds a real library. */
async function worldWithLibrary() {
  const world = await makeWorld()
  const elf = makeElf(world.folder.path, 'libone')
  const path = world.repository.add({
    name: 'lib',
    version: '1:1.0-1',
    files: {
      '/usr/lib/libone.so.1.0': { copy: elf.binary },
      '/usr/lib/libone.so.1': { symlink: 'libone.so.1.0' },
      '/usr/lib/away.so': { symlink: '../../../../etc/passwd' },
      '/usr/lib/absolute.so': { symlink: '/usr/lib/libone.so.1' },
      '/usr/lib/twin.so': { link: '/usr/lib/libone.so.1.0' },
      '/usr/bin/script': { bytes: '#!/bin/sh\nexit 0\n' },
      '/usr/share/doc/lib/ünïcode': { bytes: 'text' },
      '/usr/share/gdb/auto-load/usr/lib/libone.so.1.0-gdb.py': { bytes: 'import gdb\n' },
      '/usr/lib/ö.so': { copy: elf.binary },
    },
  })
  world.repository.publish()
  await world.sync()
  return { world, elf, path }
}

describe('fetchPackage()', () => {
  it('keeps programs, libraries, gdb scripts and the links to them, and nothing else', async () => {
    const { world, elf } = await worldWithLibrary()
    await using _world = world
    const lines: string[] = []
    await get(world, 'lib', lines)
    const folder = storePath(world, 'lib_1:1.0-1_amd64')
    const kept = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name).slice(folder.length))
      .sort()
    expect(kept).toEqual([
      '/usr/lib/absolute.so',
      '/usr/lib/libone.so.1',
      '/usr/lib/libone.so.1.0',
      '/usr/lib/twin.so',
      '/usr/lib/ö.so',
      '/usr/share/gdb/auto-load/usr/lib/libone.so.1.0-gdb.py',
    ])
    expect(readlinkSync(join(folder, 'usr/lib/absolute.so'))).toBe('libone.so.1.0')
    expect(readFileSync(join(folder, 'usr/lib/libone.so.1.0'))).toEqual(readFileSync(elf.binary))
    expect(statSync(join(folder, 'usr/lib/twin.so')).ino).toBe(statSync(join(folder, 'usr/lib/libone.so.1.0')).ino)
    expect(lines).toEqual(['lib 1:1.0-1 (0.0 MB)'])
    expect(new Set(world.index.keptFiles(elf.buildId).map(({ path, role }) => `${role} ${path}`))).toEqual(
      new Set(['code /usr/lib/libone.so.1.0', 'code /usr/lib/twin.so', 'code /usr/lib/ö.so']),
    )
    expect(readdirSync(join(world.config.repoDir, '.fetch'))).toEqual([])
  })

  it('fetches nothing when the package is here, and again when it was forgotten', async () => {
    const { world, path } = await worldWithLibrary()
    await using _world = world
    await get(world)
    await get(world)
    expect(world.server.requests.filter((request) => request.endsWith(path))).toHaveLength(1)
    const [kept] = keptPackages(world.database)
    if (kept === undefined) throw new Error('Expected a kept package')
    const faults = () => new Verifier(world.database, world.config.repoDir).faults(kept)
    expect(await faults()).toEqual([])
    writeFileSync(storePath(world, 'lib_1:1.0-1_amd64/usr/lib/ö.so'), 'damaged')
    expect((await faults())[0]?.sentence).toContain('another size')
    removeKept(world.database, world.config.repoDir, kept)
    expect(existsSync(storePath(world, 'lib_1:1.0-1_amd64'))).toBe(false)
    await get(world)
    expect(existsSync(storePath(world, 'lib_1:1.0-1_amd64'))).toBe(true)
  })

  it('fetchPackage() fetches a package once for several that ask at a time', async () => {
    const { world, path } = await worldWithLibrary()
    await using _world = world
    await Promise.all([get(world), get(world), get(world)])
    expect(world.server.requests.filter((request) => request.endsWith(path))).toHaveLength(1)
  })

  it('goes on where the connection was cut', async () => {
    const { world, path } = await worldWithLibrary()
    await using _world = world
    world.server.fault(path, 'cut-once')
    await get(world)
    const size = statSync(join(world.repository.root, path)).size
    expect(world.server.requests).toContain(`/${path} [bytes=${size >> 1}-]`)
  })

  it.each(
    [
      ['altered', 'malformed', 'the signed index says'],
      ['longer', 'malformed', 'more than'],
      ['announces-10-gb', 'malformed', 'announces'],
      ['shorter', 'malformed', 'shorter than'],
      ['missing', 'not-found', '404'],
      ['error', 'unreachable', '500'],
      ['cut', 'unreachable', 'broke off'],
      ['silent', 'timeout', 'did not answer'],
      ['stalls', 'timeout', 'was silent'],
      ['trickles', 'timeout', 'bytes a second'],
      ['redirects-forever', 'refused', 'redirects more than'],
      ['redirects-to-file', 'refused', 'less safe'],
    ] as const,
  )('refuses a package that is %s as %s, keeps nothing, and does not ask again soon', async (fault, kind, why) => {
    const { world, path } = await worldWithLibrary()
    await using _world = world
    world.server.fault(path, fault)
    const first = await get(world).catch((error: unknown) => error)
    expect(first).toBeInstanceOf(FetchError)
    expect(first).toMatchObject({ kind, message: expect.stringContaining(why) })
    expect(existsSync(storePath(world))).toBe(false)
    expect(keptPackages(world.database)).toEqual([])
    const asked = world.server.requests.length
    await expect(get(world)).rejects.toThrow('tried before')
    expect(world.server.requests).toHaveLength(asked)
  })

  it('says so when a package is gone upstream', async () => {
    const { world, path } = await worldWithLibrary()
    await using _world = world
    world.repository.remove(path)
    world.repository.publish({ date: new Date(Date.now() + 5000) })
    expect([await world.sync(), world.error()]).toEqual([0, null])
    await expect(get(world)).rejects.toThrow('lib_1:1.0-1_amd64 is gone upstream')
  })

  it('fetchPackage() does not begin when it would leave too little space', async () => {
    const { world } = await worldWithLibrary()
    await using _world = world
    const config = { ...world.config, minFreeMb: 2 ** 40 }
    const failed = fetchPackage(world.row('lib'), {
      config,
      database: world.database,
      signal: AbortSignal.timeout(5000),
      say: () => undefined,
    })
    await expect(failed).rejects.toThrow('RETRACE_MIN_FREE_MB')
  })

  it.each(
    [
      ['a name with ..', [{ name: './usr/../../evil', type: 'file' }], 'leads out of it'],
      ['an absolute name', [{ name: '/etc/evil', type: 'file' }], 'leads out of it'],
      ['a device', [{ name: './dev/null', type: 'character-device' }], undefined],
      ['a file below a link', [
        { name: './usr/lib', type: 'symlink', linkname: '/tmp' },
        { name: './usr/lib/libevil.so', type: 'file' },
      ], undefined],
      ['a name twice', [{ name: './a.so', type: 'file' }, { name: './a.so', type: 'file' }], 'twice'],
      ['no archive in it', [], 'unpacked'],
    ] as const,
  )('fetchPackage() writes nothing outside the folder of a package with %s', async (_what, members, why) => {
    await using world = await makeWorld()
    const elf = makeElf(world.folder.path, 'libevil')
    const path = world.repository.add({ name: 'lib', version: '1', files: {} })
    await replaceData(join(world.repository.root, path), readFileSync(elf.binary), members)
    world.repository.take({ name: 'lib', version: '1', files: {} }, path)
    world.repository.publish()
    await world.sync()
    const before = readdirSync('/tmp').filter((name) => name.includes('evil'))
    const failed = await get(world).then(() => undefined, (error: Error) => error.message)
    if (why === undefined) expect(failed).toBeUndefined()
    else expect(failed).toContain(why)
    expect(readdirSync('/tmp').filter((name) => name.includes('evil'))).toEqual(before)
    expect(readdirSync(world.folder.path)).not.toContain('evil')
    expect(readdirSync(join(world.config.repoDir, '.fetch'))).toEqual([])
  })

  it('fetchPackage() does not keep set-user-id bits', async () => {
    await using world = await makeWorld()
    const elf = makeElf(world.folder.path, 'libone')
    execFileSync('chmod', ['4755', elf.binary])
    world.repository.add({ name: 'lib', version: '1', files: { '/usr/bin/su': { copy: elf.binary } } })
    world.repository.publish()
    await world.sync()
    await get(world)
    expect(statSync(storePath(world, 'lib_1_amd64/usr/bin/su')).mode & 0o7777).toBe(0o644)
  })
})

describe('a dead mirror', () => {
  it.each(['silent', 'stalls'] as const)(
    'asks a dead mirror (%s) for one task once, and for no other',
    async (fault) => {
      const { world } = await worldWithLibrary()
      await using _world = world
      for (const name of ['two', 'three', 'four']) world.repository.add({ name, version: '1', files: {} })
      world.repository.publish({ date: new Date(Date.now() + 5000) })
      await world.sync()
      world.server.fault('.deb', fault)
      const names = ['lib', 'two', 'three', 'four']
      await expect(get(world)).rejects.toThrow(FetchError)
      const asked = world.server.requests.length
      for (const name of names) await expect(get(world, name)).rejects.toThrow('tried before')
      expect(world.server.requests).toHaveLength(asked)
      // Its memory ends: nothing is held against the packages themselves.
      world.database.$client.prepare("UPDATE fetch_failure SET until = 0 WHERE subject LIKE 'host:%'").run()
      world.server.fault('.deb', undefined)
      for (const name of names) await get(world, name)
      expect(world.row('four').folder).not.toBeNull()
    },
  )

  it('passes over a dead mirror where another one has the package', async () => {
    const { world, path } = await worldWithLibrary()
    await using _world = world
    await using second = await serveFolder(world.repository.root)
    world.configure({ URIs: `${world.server.url} ${second.url}` })
    world.server.fault('.deb', 'silent')
    expect(await world.sync()).toBe(0)
    await get(world)
    expect(second.requests.filter((request) => request.endsWith(path))).toHaveLength(1)
  })
})

describe('downloads', () => {
  it('stay below a bandwidth together, and are not called slow for it', async () => {
    const { world } = await worldWithLibrary()
    await using _world = world
    const script = { '/usr/share/gdb/auto-load/a-gdb.py': { bytes: randomBytes(60_000) } }
    for (const name of ['two', 'three']) world.repository.add({ name, version: '1', files: script })
    world.repository.publish({ date: new Date(Date.now() + 5000) })
    await world.sync()
    const bandwidth = new Bandwidth(60)
    const started = performance.now()
    const fetched = ['two', 'three'].map((name) =>
      fetchPackage(world.row(name), {
        config: world.config,
        database: world.database,
        signal: AbortSignal.timeout(20_000),
        say: () => undefined,
        limits: { ...LIMITS, minBytesPerSecond: 200_000 },
        bandwidth,
      })
    )
    await Promise.all(fetched)
    // 120 kB at 60 KiB/s, less what may come at once: a busy machine only makes it longer.
    expect(performance.now() - started).toBeGreaterThan(1000)
  })

  it('start anew where a partial file is not the beginning of the package', async () => {
    const { world, path } = await worldWithLibrary()
    await using _world = world
    mkdirSync(join(world.config.repoDir, '.fetch'), { recursive: true })
    writeFileSync(join(world.config.repoDir, '.fetch', `${world.row('lib').id}.part`), 'this is not it')
    await get(world)
    expect(world.server.requests.filter((request) => request.includes(path))).toEqual([
      `/${path} [bytes=14-]`,
      `/${path}`,
    ])
  })
})

interface TarMember {
  name: string
  type: 'file' | 'symlink' | 'character-device'
  linkname?: string
}

/** Puts another data.tar into a .deb; without members, one that is no archive. */
async function replaceData(deb: string, content: Uint8Array, members: readonly TarMember[]): Promise<void> {
  const tar = pack()
  for (const { name, type, linkname } of members) {
    if (type === 'file') tar.entry({ name, type }, content)
    else tar.entry({ name, type, linkname: linkname ?? '' })
  }
  tar.finalize()
  const chunks: Uint8Array[] = []
  for await (const chunk of tar) chunks.push(chunk as Uint8Array)
  const folder = join(deb, '..')
  writeFileSync(join(folder, 'data.tar'), members.length > 0 ? concat(chunks) : 'this is no archive, '.repeat(100))
  execFileSync('ar', ['d', deb, 'data.tar.gz'])
  execFileSync('ar', ['q', deb, 'data.tar'], { cwd: folder, stdio: 'pipe' })
}

function concat(chunks: Uint8Array[]): Uint8Array {
  const all = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0))
  let at = 0
  for (const chunk of chunks) {
    all.set(chunk, at)
    at += chunk.length
  }
  return all
}
