/** A disk that gets full, and a process that is killed: what half came is not there, and the next run goes on. */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, statfsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { env, execPath } from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { openDatabase } from '../../../src/database/database.ts'
import { fetchPackage } from '../../../src/packages/supply/package.ts'
import { PackageIndex } from '../../../src/packages/index/lookup.ts'
import { removeKept } from '../../../src/packages/keep/kept.ts'
import { keptBytes, keptPackages } from '../../../src/packages/keep/kept_packages.ts'
import { removeStrays } from '../../../src/packages/keep/strays.ts'
import { Verifier } from '../../../src/packages/keep/verify.ts'
import { installationRoot } from '../../../src/program/program.ts'
import { syncAll } from '../../../workers/reposync/sync_all.ts'
import { makeElf } from '../../helpers/made_elf.ts'
import { makeWorld, type World } from '../packages/world.ts'

const MIB = 2 ** 20
const SIZE_MB = 48
const MIN_FREE_MB = 24

const mountWorks = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0
if (!mountWorks) console.log('Skipped: a file system of known size cannot be mounted here')
const isBuilt = existsSync(join(installationRoot(), 'dist/src/packages/supply/package.js'))
if (!isBuilt) console.log('Skipped: it is not built (ops/lib/build)')

describe.skipIf(!mountWorks)('a store on a small file system', () => {
  /** The world, with store and database on a tmpfs. `lowest`: what was ever free of it, in MiB. */
  async function smallWorld() {
    const world = await makeWorld()
    const disk = world.folder.file('disk')
    mkdirSync(disk)
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_MB}m,mode=700`, 'tmpfs', disk])
    const config = {
      ...world.config,
      repoDir: join(disk, 'repo'),
      database: join(disk, 'db/retrace.db'),
      minFreeMb: MIN_FREE_MB,
    }
    const database = openDatabase(config.database, { migrate: true })
    const free = () => {
      const { bavail, bsize } = statfsSync(disk)
      return bavail * bsize / MIB
    }
    let lowest = free()
    const watch = setInterval(() => lowest = Math.min(lowest, free()), 2)
    return {
      world,
      config,
      database,
      lowest: () => lowest,
      sync: () =>
        syncAll({ action: 'sync', dryRun: false, releases: [] }, {
          config,
          database,
          signal: new AbortController().signal,
        }),
      async [Symbol.asyncDispose]() {
        clearInterval(watch)
        database.$client.close()
        execFileSync('umount', ['--lazy', disk])
        await world[Symbol.asyncDispose]()
      },
    }
  }

  it('stops a sync before RETRACE_MIN_FREE_MB, keeps the old index, and goes on when there is room', async () => {
    await using small = await smallWorld()
    const { world, config, database } = small
    world.repository.add({ name: 'tool', version: '1', files: { '/usr/bin/tool': { bytes: 'x' } } })
    world.repository.publish({ date: new Date(Date.now() - 5000) })
    expect(await small.sync()).toBe(0)
    world.repository.take({ name: 'tool', version: '2', files: manyFiles() }, 'pool/tool_1_amd64.deb')
    world.repository.publish()
    const filler = join(config.repoDir, 'filler')
    writeFileSync(filler, new Uint8Array((SIZE_MB - MIN_FREE_MB - 3) * MIB))
    expect(await small.sync()).toBe(1)
    const errorNow = () => database.$client.prepare('SELECT error FROM repository').pluck().get()
    expect(errorNow()).toContain(`RETRACE_MIN_FREE_MB (${MIN_FREE_MB} MiB)`)
    expect(database.$client.prepare('SELECT version FROM package').pluck().all()).toEqual(['1'])
    expect(small.lowest()).toBeGreaterThanOrEqual(MIN_FREE_MB - 1)
    expect(readdirSync(config.repoDir).filter((name) => name.startsWith('.reposync'))).toEqual([])
    execFileSync('rm', [filler])
    Object.assign(config, { minFreeMb: 1 })
    expect(await small.sync()).toBe(0)
    expect(errorNow()).toBeNull()
    expect(database.$client.prepare('SELECT version FROM package ORDER BY version').pluck().all()).toEqual(['1', '2'])
  }, 60_000)

  it('stops keeping a package before RETRACE_MIN_FREE_MB, and leaves nothing of it', async () => {
    await using small = await smallWorld()
    const { world, config, database } = small
    // Nothing to download, and much to unpack.
    const source = `char libbig_room[${(SIZE_MB - MIN_FREE_MB) * MIB}] = { 1 };`
    const elf = makeElf(world.folder.path, 'libbig', { source })
    world.repository.add({ name: 'big', version: '1', files: { '/usr/lib/libbig.so': { copy: elf.binary } } })
    world.repository.publish()
    expect(await small.sync()).toBe(0)
    const [row] = new PackageIndex(database).exactly('big', '1')
    if (row === undefined) throw new Error('Expected the package in the index')
    const failed = fetchPackage(row, { config, database, signal: AbortSignal.timeout(30_000), say: () => undefined })
    await expect(failed).rejects.toMatchObject({ kind: 'no-space' })
    expect(readdirSync(join(config.repoDir, '.fetch')).filter((name) => !name.endsWith('.part'))).toEqual([])
    expect(existsSync(join(config.repoDir, 'debian-12-amd64'))).toBe(false)
    expect(keptPackages(database)).toEqual([])
    expect(small.lowest()).toBeGreaterThanOrEqual(MIN_FREE_MB)
  }, 60_000)
})

describe.skipIf(!isBuilt)('a process that is killed', () => {
  const KILLS = 6

  it(
    'a process killed while it keeps a package leaves it whole or not there, and nothing that --verify does not remove',
    async () => {
      await using world = await makeWorld()
      const common = makeElf(world.folder.path, 'libcommon', { source: `char libcommon_room[${MIB}] = { 1 };` })
      for (const name of ['one', 'two']) {
        const own = Array.from({ length: 30 }, (_, at) => [`/usr/lib/${name}${at}.so`, { copy: common.unstripped }])
        world.repository.add({ name, version: '1', files: Object.fromEntries(own) })
      }
      world.repository.publish()
      await world.sync()
      const { config, database } = world
      await fetchHere(world, 'one')
      let undone = 0
      for (let kill = 0; kill < KILLS; kill++) {
        await killedAfter(world, 'two', 20 * 2 ** kill)
        for (const kept of keptPackages(database)) {
          expect(await new Verifier(database, config.repoDir).faults(kept)).toEqual([])
        }
        removeStrays(database, config.repoDir, { dryRun: false })
        expect(readdirSync(join(config.repoDir, '.fetch')).filter((name) => !name.endsWith('.part'))).toEqual([])
        const two = keptPackages(database).find(({ folder }) => folder === 'two_1_amd64')
        expect(existsSync(join(config.repoDir, 'debian-12-amd64/two_1_amd64'))).toBe(two !== undefined)
        if (two === undefined) undone++
        else removeKept(database, config.repoDir, two)
      }
      console.log(`${undone} of ${KILLS} kills came before the package was there`)
      await fetchHere(world, 'two')
      expect(keptPackages(database).map(({ folder }) => folder).sort()).toEqual(['one_1_amd64', 'two_1_amd64'])
      expect(keptBytes(database)).toBe(statSync(common.unstripped).size)
    },
    60_000,
  )

  it('a process killed while it syncs leaves the old state or the new, and the next run goes on', async () => {
    await using world = await makeWorld()
    world.repository.add({ name: 'tool', version: '1', files: { '/usr/bin/tool': { bytes: 'x' } } })
    world.repository.publish({ date: new Date(Date.now() - 5000) })
    await world.sync()
    world.repository.take({ name: 'tool', version: '2', files: manyFiles() }, 'pool/tool_1_amd64.deb')
    world.repository.publish()
    const { database } = world
    for (let kill = 0; kill < KILLS; kill++) {
      const child = spawn(join(installationRoot(), 'ops/bin/abrt-reposync'), [], {
        env: { PATH: env.PATH, ...world.environment },
        stdio: 'ignore',
      })
      const asked = world.server.requests.length
      while (world.server.requests.length === asked && child.exitCode === null) await sleep(5)
      await sleep(kill * 60)
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await new Promise((end) => child.on('close', end))
      const paths = database.$client.prepare('SELECT count(*) FROM package_path').pluck().get()
      const versions = database.$client.prepare('SELECT count(*) FROM package').pluck().get()
      expect([[1, 1], [FILES + 1, 2]]).toContainEqual([paths, versions])
    }
    expect(await world.sync()).toBe(0)
    expect(world.row('tool', '2').gone).toBeNull()
    expect(database.$client.pragma('integrity_check', { simple: true })).toBe('ok')
    expect(readdirSync(world.config.repoDir).filter((name) => name.startsWith('.reposync'))).toEqual([])
  }, 60_000)
})

const FILES = 60_000

function manyFiles(): Record<string, { bytes: string }> {
  return Object.fromEntries(
    Array.from({ length: FILES }, (_, at) => [`/usr/lib/a-folder-with-a-long-name/${at}/libtool.so`, { bytes: '' }]),
  )
}

async function fetchHere({ config, database, row }: World, name: string): Promise<void> {
  await fetchPackage(row(name), { config, database, signal: AbortSignal.timeout(20_000), say: () => undefined })
}

/** Fetches a package in another process, which is killed some milliseconds after it said that it begins. */
async function killedAfter({ environment, row }: World, name: string, milliseconds: number): Promise<void> {
  const program = join(installationRoot(), 'dist/test/helpers/fetch_one.js')
  const child = spawn(execPath, [program, String(row(name).id)], {
    env: { PATH: env.PATH, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const closed = new Promise((resolve) => child.on('close', (code, signal) => resolve(signal ?? code)))
  await new Promise((resolve) => child.stdout.once('data', resolve))
  await sleep(milliseconds)
  child.kill('SIGKILL')
  expect([0, 'SIGKILL']).toContain(await closed)
}
