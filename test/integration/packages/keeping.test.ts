import { execFileSync, spawn } from 'node:child_process'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execPath } from 'node:process'
import { describe, expect, it } from 'vitest'
import type { Config } from '../../../src/config/config.ts'
import { packagesInUse, PackageUses } from '../../../src/packages/index/use.ts'
import { fetchPackage } from '../../../src/packages/supply/package.ts'
import { evictOverQuota } from '../../../src/packages/keep/evict.ts'
import { removeKept } from '../../../src/packages/keep/kept.ts'
import { keptBytes, keptPackages } from '../../../src/packages/keep/kept_packages.ts'
import { installationRoot } from '../../../src/program/program.ts'
import { type MadeElf, makeElf } from '../../helpers/made_elf.ts'
import { makeWorld, type World } from './world.ts'

// What runs in another process needs `ops/lib/build`: ops/test builds first.
const isBuilt = existsSync(join(installationRoot(), 'dist/src/packages/index/use.js'))

async function get(world: World, name: string, config: Partial<Config> = {}): Promise<void> {
  await fetchPackage(world.row(name), {
    config: { ...world.config, ...config },
    database: world.database,
    signal: AbortSignal.timeout(20_000),
    say: () => undefined,
  })
}

function inStore(world: World, ...names: string[]): string {
  return join(world.config.repoDir, 'debian-12-amd64', ...names)
}

function keptNames(world: World): string[] {
  return keptPackages(world.database).map(({ folder }) => folder.split('_')[0] ?? '').sort()
}

/** One after the other was used last. */
function lastUsed(world: World, ...names: string[]): void {
  for (const [at, name] of names.entries()) {
    world.database.$client.prepare('UPDATE package SET used = ? WHERE name = ?').run(1000 + at, name)
  }
}

/** A library that takes some 100 KB. */
function largeElf(folder: string, name: string): MadeElf {
  return makeElf(folder, name, {
    source: `const char ${name}_filler[100000] = { 1, 2, 3, ${name.length} }; int ${name}(void) { return 1; }`,
  })
}

/** Packages `one`, `two` and `three`: the first two hold one library in common, and each has its own. */
async function worldOfThree() {
  const world = await makeWorld()
  const common = largeElf(world.folder.path, 'libcommon')
  for (const name of ['one', 'two', 'three']) {
    const own = largeElf(world.folder.path, `lib${name}`)
    world.repository.add({
      name,
      version: '1',
      files: {
        [`/usr/lib/lib${name}.so`]: { copy: own.binary },
        ...(name === 'three' ? {} : { '/usr/lib/libcommon.so': { copy: common.binary } }),
      },
    })
  }
  world.repository.publish()
  await world.sync()
  const size = (name: string) => statSync(world.folder.file(`lib${name}.stripped`)).size
  return { world, size }
}

describe('the same content in two packages', () => {
  it('stores and counts the content that two packages share once, and keeps it when one of them goes', async () => {
    const { world, size } = await worldOfThree()
    await using _world = world
    await get(world, 'one')
    await get(world, 'two')
    const common = (name: string) => statSync(inStore(world, `${name}_1_amd64/usr/lib/libcommon.so`))
    expect(common('one').ino).toBe(common('two').ino)
    expect(keptBytes(world.database)).toBe(size('one') + size('two') + size('common'))
    const [one] = keptPackages(world.database)
    if (one === undefined) throw new Error('Expected a kept package')
    expect(removeKept(world.database, world.config.repoDir, one)).toBe(size('one'))
    expect(common('two').nlink).toBe(1)
    expect(keptBytes(world.database)).toBe(size('two') + size('common'))
    expect(readFileSync(inStore(world, 'two_1_amd64/usr/lib/libcommon.so')))
      .toEqual(readFileSync(world.folder.file('libcommon.stripped')))
    await get(world, 'one')
    expect(common('one').ino).toBe(common('two').ino)
    expect(keptBytes(world.database)).toBe(size('one') + size('two') + size('common'))
  })

  it('shares no content with a file that was damaged in place', async () => {
    const { world, size } = await worldOfThree()
    await using _world = world
    await get(world, 'one')
    const damaged = readFileSync(inStore(world, 'one_1_amd64/usr/lib/libcommon.so'))
    damaged.writeUInt8(damaged.readUInt8(damaged.length - 100) ^ 1, damaged.length - 100)
    writeFileSync(inStore(world, 'one_1_amd64/usr/lib/libcommon.so'), damaged)
    await get(world, 'two')
    expect(readFileSync(inStore(world, 'two_1_amd64/usr/lib/libcommon.so')))
      .toEqual(readFileSync(world.folder.file('libcommon.stripped')))
    expect(keptBytes(world.database)).toBe(size('one') + size('two') + 2 * size('common'))
  })

  it('stores a content once when two packages bring it at the same time', async () => {
    const { world, size } = await worldOfThree()
    await using _world = world
    await Promise.all([get(world, 'one'), get(world, 'two')])
    const inode = (name: string) => statSync(inStore(world, `${name}_1_amd64/usr/lib/libcommon.so`)).ino
    expect(inode('one')).toBe(inode('two'))
    expect(keptBytes(world.database)).toBe(size('one') + size('two') + size('common'))
  })
})

describe('RETRACE_REPO_QUOTA_MB', () => {
  /** A quota that two packages fit into: it is in MiB, the packages are not. */
  const quotaFor = (world: World, bytes: number) => ({ ...world.config, repoQuotaMb: bytes / 2 ** 20 })

  it('takes what was longest unused, after a package was kept, and it comes back when it is asked for', async () => {
    const { world, size } = await worldOfThree()
    await using _world = world
    const { repoQuotaMb } = quotaFor(world, size('one') + size('two') + size('common') + 1000)
    await get(world, 'one', { repoQuotaMb })
    await get(world, 'two', { repoQuotaMb })
    expect(keptNames(world)).toEqual(['one', 'two'])
    lastUsed(world, 'two', 'one')
    await get(world, 'three', { repoQuotaMb })
    expect(keptNames(world)).toEqual(['one', 'three'])
    expect(existsSync(inStore(world, 'two_1_amd64'))).toBe(false)
    await get(world, 'two', { repoQuotaMb })
    expect(keptNames(world)).toEqual(['three', 'two'])
    expect(existsSync(inStore(world, 'two_1_amd64/usr/lib/libcommon.so'))).toBe(true)
  })

  it('counts what is really freed: half of a shared content is nothing', async () => {
    const { world, size } = await worldOfThree()
    await using _world = world
    for (const name of ['one', 'two', 'three']) await get(world, name)
    lastUsed(world, 'one', 'two', 'three')
    const config = quotaFor(world, size('three') + 1000)
    const dry = evictOverQuota(world.database, config, { dryRun: true })
    expect(keptNames(world)).toEqual(['one', 'three', 'two'])
    const done = evictOverQuota(world.database, config)
    expect(done).toEqual(dry)
    expect(done.packages.map(({ folder }) => folder)).toEqual(['one_1_amd64', 'two_1_amd64'])
    expect(done.freedBytes).toBe(size('one') + size('two') + size('common'))
    expect(done.keptBytes).toBe(size('three'))
  })

  it.skipIf(!isBuilt)('takes nothing that a running process uses, until that is killed', async () => {
    const { world, size } = await worldOfThree()
    await using _world = world
    await get(world, 'one')
    await get(world, 'three')
    const script = `
      import { openDatabase } from '${installationRoot()}/dist/src/database/database.js'
      import { PackageUses } from '${installationRoot()}/dist/src/packages/index/use.js'
      const uses = new PackageUses(openDatabase('${world.config.database}'), 60)
      console.log(uses.claim(${world.row('one').id}))
      setInterval(() => undefined, 1000)`
    const child = spawn(execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
    const said = await new Promise<string>((resolve) => child.stdout.on('data', (text) => resolve(String(text))))
    expect(said.trim()).toBe('one_1_amd64')
    lastUsed(world, 'one', 'three')
    evictOverQuota(world.database, quotaFor(world, size('one')))
    expect(keptNames(world)).toEqual(['one'])
    const [one] = keptPackages(world.database)
    if (one === undefined) throw new Error('Expected a kept package')
    expect(removeKept(world.database, world.config.repoDir, one)).toBeUndefined()
    child.kill('SIGKILL')
    await new Promise((resolve) => child.on('close', resolve))
    evictOverQuota(world.database, quotaFor(world, size('one')))
    expect(keptNames(world)).toEqual([])
    expect(packagesInUse(world.database).size).toBe(0)
  })

  it('takes nothing that a task has asked for and that is not here yet', async () => {
    const { world } = await worldOfThree()
    await using _world = world
    {
      using uses = new PackageUses(world.database, 60)
      expect(uses.claim(world.row('one').id)).toBeNull()
      await get(world, 'one', { repoQuotaMb: 1000 / 2 ** 20 })
      expect(keptNames(world)).toEqual(['one'])
      expect(uses.claim(world.row('one').id)).toBe('one_1_amd64')
    }
    evictOverQuota(world.database, quotaFor(world, 1000))
    expect(keptNames(world)).toEqual([])
  })

  it('a sync keeps to RETRACE_REPO_QUOTA_MB and spares what is gone upstream; others do not', async () => {
    const { world } = await worldOfThree()
    await using _world = world
    for (const name of ['one', 'three']) await get(world, name)
    world.repository.remove('pool/one_1_amd64.deb')
    world.repository.publish({ date: new Date(Date.now() + 5000) })
    Object.assign(world.config, quotaFor(world, 1000))
    expect(await world.sync()).toBe(0)
    expect(keptNames(world)).toEqual(['one'])
    expect(existsSync(inStore(world, 'one_1_amd64/usr/lib/libone.so'))).toBe(true)
    evictOverQuota(world.database, world.config)
    expect(keptNames(world)).toEqual([])
    await expect(get(world, 'one')).rejects.toThrow('gone upstream')
  })
})

describe('RETRACE_DECOMPRESS_DEBUG', () => {
  it('stores debug sections decompressed, with the same build-id and the same answer of gdb', async () => {
    await using world = await makeWorld()
    const one = makeElf(world.folder.path, 'libone', {
      source: `struct s { int a; char *b; }; int libone(struct s *s) { int local = s->a + 1; return local; }\n${
        Array.from({ length: 300 }, (_, i) => `struct s v${i}; int f${i}(int x${i}) { return x${i} + ${i}; }`).join(
          '\n',
        )
      }`,
    })
    execFileSync('objcopy', ['--compress-debug-sections=zlib', one.debug])
    const twin = '/usr/lib/debug/twin.debug'
    world.repository.add({
      name: 'one-dbg',
      version: '1',
      files: { [one.debugPath]: { copy: one.debug }, [twin]: { link: one.debugPath } },
    })
    world.repository.publish()
    await world.sync()
    await get(world, 'one-dbg', { decompressDebug: true })
    const file = inStore(world, 'one-dbg_1_amd64', one.debugPath)
    const sections = (path: string) => execFileSync('readelf', ['-t', path], { encoding: 'utf8' })
    expect(sections(one.debug)).toContain('COMPRESSED')
    expect(sections(file)).not.toContain('COMPRESSED')
    expect(statSync(file).mode & 0o777).toBe(0o644)
    expect(statSync(file).ino).toBe(statSync(inStore(world, 'one-dbg_1_amd64', twin)).ino)
    expect(keptBytes(world.database)).toBe(statSync(file).size)
    expect(world.index.keptFiles(one.buildId).map(({ fileSize }) => fileSize)).toEqual(
      [statSync(file).size, statSync(file).size],
    )
    const ask = (path: string) =>
      execFileSync('gdb', ['-nx', '-batch', '-ex', 'info scope libone', '-ex', 'ptype struct s', path], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      })
    expect(ask(file)).toContain('local')
    expect(ask(file)).toBe(ask(one.debug))
  })
})
