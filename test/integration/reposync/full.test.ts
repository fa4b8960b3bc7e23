import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { env, execPath } from 'node:process'
import { describe, expect, it } from 'vitest'
import { installationRoot } from '../../../src/program/program.ts'
import { fetchFull, type FullServices } from '../../../workers/reposync/full/fetch_full.ts'
import { makeElf } from '../../helpers/made_elf.ts'
import { makeWorld, type World } from '../packages/world.ts'

const ROOT = installationRoot()
const PROGRAM = join(ROOT, 'ops/bin/abrt-reposync')
const isBuilt = existsSync(join(ROOT, 'dist/test/helpers/fetch_one.js'))
const LIMITS = { answerMs: 500, idleMs: 500, minBytesPerSecond: 1, slowMs: 1000, requestMs: 10_000 }
const ALL = { action: 'sync' as const, dryRun: false, releases: [] }

/** A library, its debug package, documentation, data, and an architecture-independent script. */
async function fullWorld(environment: Record<string, string> = {}) {
  const world = await makeWorld({ environment })
  const elf = makeElf(world.folder.path, 'libone')
  const add = (name: string, version: string, files: Record<string, { copy: string } | { bytes: string }>, more = {}) =>
    world.repository.add({ name, version, files, ...more })
  const paths = {
    old: add('libone1', '1.0-1', { '/usr/lib/libone.so.1': { copy: elf.binary } }),
    lib: add('libone1', '1.0-2', { '/usr/lib/libone.so.1': { copy: elf.unstripped } }),
    debug: add('libone1-dbg', '1.0-2', { [elf.debugPath]: { copy: elf.debug } }),
    doc: add('libone-doc', '1.0-2', { '/usr/share/doc/libone/index.html': { bytes: 'text' } }),
    script: add('one-script', '1.0-2', { '/usr/bin/one': { bytes: '#!/bin/sh\n' } }, { architecture: 'all' }),
  }
  world.repository.publish()
  world.configure({ 'X-Retrace-Fetch': 'full' })
  return { world, paths }
}

function full(world: World, more: Partial<FullServices> = {}, options = ALL): Promise<number> {
  return fetchFull(options, {
    config: world.config,
    database: world.database,
    signal: new AbortController().signal,
    transfer: { limits: LIMITS },
    hostWaits: [],
    ...more,
  })
}

function here(world: World): string[] {
  return world.database.$client.prepare(
    "SELECT name || ' ' || version FROM package WHERE folder IS NOT NULL ORDER BY id",
  ).pluck().all() as string[]
}

function debs(world: World): string[] {
  return world.server.requests.filter((request) => request.startsWith('/pool/'))
}

describe('X-Retrace-Fetch: full', () => {
  it('fetches what can hold programs, libraries or debuginfo, and each once', async () => {
    const { world, paths } = await fullWorld()
    await using _world = world
    await world.sync()
    expect(await full(world)).toBe(0)
    expect(debs(world).toSorted()).toEqual([paths.old, paths.lib, paths.debug].map((path) => `/${path}`).toSorted())
    expect(here(world).toSorted()).toEqual(['libone1 1.0-1', 'libone1 1.0-2', 'libone1-dbg 1.0-2'])
    world.server.requests.length = 0
    expect(await full(world)).toBe(0)
    expect(world.server.requests).toEqual([])
  })

  it('fetches nothing of an on-demand repository, and nothing with --dry-run', async () => {
    const { world } = await fullWorld()
    await using _world = world
    await world.sync()
    expect(await full(world, {}, { ...ALL, dryRun: true })).toBe(0)
    world.configure()
    expect(await full(world)).toBe(0)
    expect(debs(world)).toEqual([])
  })

  it('stops before RETRACE_MIN_FREE_MB, and just below RETRACE_REPO_QUOTA_MB', async () => {
    const { world } = await fullWorld()
    await using _world = world
    await world.sync()
    expect(await full(world, { config: { ...world.config, minFreeMb: 2 ** 40 } })).toBe(1)
    expect(here(world)).toEqual([])
    world.database.$client.prepare('DELETE FROM fetch_failure').run()
    // Less than the first package takes: that one comes, and no other pushes it out.
    world.database.$client.prepare("UPDATE package SET size = 1048576 WHERE name = 'libone1'").run()
    expect(await full(world, { config: { ...world.config, repoQuotaMb: 1 } })).toBe(1)
    expect(here(world)).toEqual(['libone1-dbg 1.0-2'])
  })

  it('stops at a package that alone is more than RETRACE_REPO_QUOTA_MB', async () => {
    await using world = await makeWorld()
    const names = ['a', 'b', 'c', 'd', 'e', 'f'].map((letter) => `lib${letter}`)
    for (const name of names) {
      const source = `const char ${name}_filler[2000000] = { 1 }; int ${name}(void) { return 1; }`
      const elf = makeElf(world.folder.path, name, { source })
      world.repository.add({ name, version: '1', files: { [`/usr/lib/${name}.so`]: { copy: elf.binary } } })
    }
    world.repository.publish()
    world.configure({ 'X-Retrace-Fetch': 'full' })
    await world.sync()
    expect(await full(world, { config: { ...world.config, repoQuotaMb: 1 } })).toBe(1)
    expect(here(world)).toEqual([])
    // Four are begun at once.
    expect(world.server.requests.filter((request) => request.includes('.deb')).length).toBeLessThanOrEqual(4)
  })

  it('goes on when one package fails, and says so with its exit code', async () => {
    const { world, paths } = await fullWorld()
    await using _world = world
    await world.sync()
    world.server.fault(paths.lib, 'altered')
    expect(await full(world)).toBe(1)
    expect(here(world).toSorted()).toEqual(['libone1 1.0-1', 'libone1-dbg 1.0-2'])
  })

  it('asks a host that does not answer again after a wait, and then leaves it for the next run', async () => {
    const { world } = await fullWorld()
    await using _world = world
    await world.sync()
    world.server.fault('.deb', 'silent')
    expect(await full(world, { hostWaits: [100] })).toBe(1)
    // Three packages at once, then a wait for all of them, then at most the same again.
    expect(debs(world).length).toBeLessThanOrEqual(6)
    expect(here(world)).toEqual([])
    world.server.fault('.deb', undefined)
    world.database.$client.prepare('DELETE FROM fetch_failure').run()
    expect(await full(world)).toBe(0)
    expect(here(world)).toHaveLength(3)
  })
})

describe.skipIf(!isBuilt)('processes', () => {
  it('processes that ask for one package fetch it once', async () => {
    const { world, paths } = await fullWorld()
    await using _world = world
    await world.sync()
    const { id } = world.row('libone1-dbg')
    const ends = await Promise.all([1, 2].map(() => {
      const child = spawn(execPath, [join(ROOT, 'dist/test/helpers/fetch_one.js'), String(id)], {
        env: { PATH: env.PATH, ...world.environment },
        stdio: ['ignore', 'ignore', 'inherit'],
      })
      return new Promise((resolve) => child.on('close', resolve))
    }))
    expect(ends).toEqual([0, 0])
    expect(debs(world)).toEqual([`/${paths.debug}`])
    expect(here(world)).toEqual(['libone1-dbg 1.0-2'])
  })

  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'goes on in the middle of a package after a process was ended by %s',
    async (signal) => {
      const { world } = await fullWorld({ RETRACE_FETCH_KB_PER_S: '400' })
      await using _world = world
      const big = world.repository.add({
        name: 'big-dbg',
        version: '1',
        files: { '/usr/share/gdb/auto-load/big-gdb.py': { bytes: randomBytes(1_500_000) } },
      })
      world.repository.publish({ date: new Date(Date.now() + 5000) })
      const child = spawn(PROGRAM, [], {
        env: { PATH: env.PATH, ...world.environment },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      let stderr = ''
      child.stderr.setEncoding('utf8').on('data', (text: string) => stderr += text)
      const closed = new Promise((resolve) => child.on('close', resolve))
      await waitFor(() => partialBytes(world) > 300_000)
      child.kill(signal)
      expect(await closed).toBe(signal === 'SIGTERM' ? 1 : null)
      if (signal === 'SIGTERM') expect(stderr).toContain('the next run goes on from here')
      const partial = partialBytes(world)
      expect(partial).toBeLessThan(1_500_000)
      const again = spawn(PROGRAM, [], {
        env: { PATH: env.PATH, ...world.environment, RETRACE_FETCH_KB_PER_S: '0' },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      expect(await new Promise((resolve) => again.on('close', resolve))).toBe(0)
      expect(debs(world)).toContain(`/${big} [bytes=${partial}-]`)
      const kept = join(world.config.repoDir, 'debian-12-amd64/big-dbg_1_amd64/usr/share/gdb/auto-load/big-gdb.py')
      expect(statSync(kept).size).toBe(1_500_000)
      expect(readdirSync(join(world.config.repoDir, '.fetch'))).toEqual([])
      expect(readFileSync(kept)).toHaveLength(1_500_000)
    },
  )
})

function partialBytes(world: World): number {
  const folder = join(world.config.repoDir, '.fetch')
  if (!existsSync(folder)) return 0
  const sizes = readdirSync(folder).filter((name) => name.endsWith('.part'))
    .map((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0)
  return Math.max(0, ...sizes)
}

async function waitFor(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 1600 && !condition(); tries++) await new Promise((resolve) => setTimeout(resolve, 25))
  if (!condition()) throw new Error('Expected it within 40 s')
}
