/**
 * Two releases and three architectures in one installation and one database: real packages of Debian in small
 * repositories, and a retrace through each. The cores of bookworm are the fixtures'; those of trixie are made here, by
 * the fixtures' programs in roots of trixie's libraries, where this kernel runs them.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { env } from 'node:process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Architecture } from '../../../src/elf/architecture.ts'
import { fetchPackage } from '../../../src/packages/supply/package.ts'
import { evictOverQuota } from '../../../src/packages/keep/evict.ts'
import { supportedReleases } from '../../../src/packages/releases.ts'
import { installationRoot } from '../../../src/program/program.ts'
import { archivePackages, archiveSources } from '../../helpers/archive.ts'
import { fixtureCore, fixtureFiles, kernelWritesCoresHere } from '../../helpers/cores.ts'
import { DebRepository } from '../../helpers/deb_repository.ts'
import { type FileServer, serveFolder } from '../../helpers/file_server.ts'
import { makeWorld, type World } from './world.ts'

const WORKER = join(installationRoot(), 'ops/bin/abrt-retrace-worker')
const ARCHITECTURES = ['amd64', 'arm64', 'i386'] as const
const SUITES = [{ suite: 'bookworm', version: '12.5' }, { suite: 'trixie', version: '13.1' }] as const
type Suite = (typeof SUITES)[number]['suite']

const isBuilt = existsSync(join(installationRoot(), 'dist/workers/retrace/main.js'))
const hasArchive = archiveSources() !== ''
if (!isBuilt) console.log('Skipped: it is not built (ops/lib/build)')
if (!hasArchive) console.log('Skipped: apt has no archive of packages here')

/** The repositories of one suite, and what serves it. */
class Mirror implements AsyncDisposable {
  readonly repository: DebRepository
  readonly server: FileServer
  readonly version: string

  constructor(repository: DebRepository, server: FileServer, version: string) {
    this.repository = repository
    this.server = server
    this.version = version
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]()
    this.repository[Symbol.dispose]()
  }
}

describe.skipIf(!isBuilt || !hasArchive)('bookworm and trixie on amd64, arm64 and i386', () => {
  let world: World
  const mirrors = new Map<Suite, Mirror>()
  const files = (architecture: Architecture) => world.folder.file(`files-${architecture}`)

  beforeAll(async () => {
    world = await makeWorld()
    writeFileSync(world.folder.file('repos.d/test.sources'), '')
    for (const architecture of ARCHITECTURES) {
      mkdirSync(files(architecture))
      fixtureFiles(architecture, files(architecture))
    }
    for (const { suite, version } of SUITES) mirrors.set(suite, await mirrorOf(suite, version))
    expect(await world.sync()).toBe(0)
  }, 120_000)

  afterAll(async () => {
    for (const mirror of mirrors.values()) await mirror[Symbol.asyncDispose]()
    await world[Symbol.asyncDispose]()
  })

  async function mirrorOf(suite: Suite, version: string): Promise<Mirror> {
    const folder = world.folder.file(suite)
    mkdirSync(folder)
    const repository = new DebRepository(folder, suite)
    const server = await serveFolder(repository.root)
    const names = ['libc6', 'libc6-dbg']
    const debs = await archivePackages(world.folder.path, { suite, architectures: ARCHITECTURES, names })
    for (const deb of debs) repository.takeReal(deb)
    for (const architecture of ARCHITECTURES) {
      // The same program in both releases.
      const program = { '/usr/bin/crash': { copy: join(files(architecture), 'usr/bin/crash') } }
      repository.add({ name: 'crash', version: '1', architecture, files: program })
    }
    repository.publish({ fields: { Version: version } })
    const sources = repository.sources(server.url, { Architectures: ARCHITECTURES.join(' ') })
    writeFileSync(world.folder.file(`repos.d/${suite}.sources`), sources)
    return new Mirror(repository, server, version)
  }

  /** Runs the worker on a core; without a word about its release or packages. */
  async function retrace(core: string) {
    const task = world.folder.file('spool', String(tasks++))
    mkdirSync(task, { recursive: true, mode: 0o700 })
    execFileSync('cp', [core, join(task, 'coredump')])
    const child = spawn(WORKER, [task], { env: { PATH: env.PATH, ...world.environment }, timeout: 120_000 })
    let log = ''
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => log += text)
    await new Promise((resolve) => child.on('close', resolve))
    const read = (name: string) => existsSync(join(task, name)) ? readFileSync(join(task, name), 'utf8') : ''
    return {
      log,
      backtrace: read('backtrace'),
      modules: modulesIn(read('modules.json')),
      release: (JSON.parse(read('outcome.json') || '{}') as { release?: string }).release,
    }
  }
  let tasks = 1

  it('bookworm and trixie on three architectures make six releases of one database', () => {
    expect(supportedReleases(world.database)).toEqual(
      ['12', '13'].flatMap((release) => ARCHITECTURES.map((architecture) => `debian-${release}-${architecture}`)),
    )
  })

  it.each(ARCHITECTURES)('retrace a core of bookworm on %s', async (architecture) => {
    const fixture = fixtureCore(architecture, world.folder.path)
    const { backtrace, modules, release, log } = await retrace(fixture.core)
    expect(release, log).toBe(`debian-12-${architecture}`)
    expect(modules.filter(({ status }) => status !== 'not-applicable').map(({ status }) => status), log)
      .toEqual(['exact', 'exact', 'exact'])
    expect(frames(backtrace)).toEqual(frames(fixture.expected))
  })

  it.skipIf(!kernelWritesCoresHere()).each(['amd64', 'i386'] as const)(
    'retrace a core of trixie on %s, made by the program that bookworm has, too',
    async (architecture) => {
      const core = crashInTrixie(architecture)
      const { backtrace, modules, release, log } = await retrace(core)
      expect(release, log).toBe(`debian-13-${architecture}`)
      expect(modules.find(({ path }) => path.includes('libc.so'))).toMatchObject({
        status: 'exact',
        package: expect.stringMatching(new RegExp(`^libc6_2\\.41.*_${architecture}$`)),
      })
      // Kernels differ in the order of the threads that did not crash.
      const own = (text: string) => frames(text).filter(inProgram).sort()
      expect(own(backtrace)).toEqual(own(fixtureCore(architecture, world.folder.path).expected))
      expect(backtrace).toMatch(/start_thread .* at .*pthread_create\.c:\d+/)
    },
  )

  it('know the program of both releases, and store it once', async () => {
    const { index, config, database } = world
    const rows = index.exactly('crash', '1').filter(({ architecture }) => architecture === 'amd64')
    expect(rows.map(({ release }) => release).sort()).toEqual(['debian-12-amd64', 'debian-13-amd64'])
    const options = { config, database, signal: AbortSignal.timeout(20_000), say: () => undefined }
    for (const row of rows) await fetchPackage(row, options)
    const inodes = rows.map(({ release }) => statSync(join(config.repoDir, release, 'crash_1_amd64/usr/bin/crash')).ino)
    expect(new Set(inodes).size).toBe(1)
    for (const { releaseId } of rows) {
      const [first, second] = index.packagesWith(programId('amd64'), 'code', releaseId)
      expect([first?.releaseId === releaseId, second?.name]).toEqual([true, 'crash'])
    }
  })

  it('give the same answer when all was evicted, and came back', async () => {
    const fixture = fixtureCore('amd64', world.folder.path)
    const { packages } = evictOverQuota(world.database, { ...world.config, repoQuotaMb: 1 / 2 ** 20 })
    expect(packages.length).toBeGreaterThan(3)
    expect(readdirSync(join(world.config.repoDir, 'debian-12-amd64'))).toEqual([])
    const { backtrace, log } = await retrace(fixture.core)
    expect(log).toMatch(/fetch: libc6-dbg 2\.36/)
    expect(frames(backtrace)).toEqual(frames(fixture.expected))
  })

  /** The fixture's program crashes in a root of trixie's libc; the path of the core that the kernel wrote. */
  function crashInTrixie(architecture: 'amd64' | 'i386'): string {
    const root = world.folder.file(`trixie-${architecture}`)
    const place = join(root, 'tmp')
    mkdirSync(join(root, 'usr/bin'), { recursive: true })
    mkdirSync(place)
    const pool = mirrors.get('trixie')?.repository.root ?? ''
    const deb = readdirSync(join(pool, 'pool')).find((name) =>
      new RegExp(`libc6_2.*_${architecture}\\.deb$`).test(name)
    )
    execFileSync('dpkg-deb', ['-x', join(pool, 'pool', deb ?? ''), root])
    execFileSync('cp', [join(files(architecture), 'usr/bin/crash'), join(root, 'usr/bin/crash')])
    spawnSync('prlimit', [
      ...['--core=unlimited', 'bwrap', '--bind', root, '/', '--symlink', 'usr/lib', '/lib'],
      ...(architecture === 'amd64' ? ['--symlink', 'usr/lib64', '/lib64'] : []),
      ...['--dev', '/dev', '--chdir', '/tmp', '/usr/bin/crash'],
    ], { stdio: 'ignore', timeout: 30_000 })
    const written = readdirSync(place).find((name) => name.includes('core'))
    if (written === undefined) throw new Error(`The program left no core in a root of trixie ${architecture}`)
    const core = world.folder.file(`trixie-${architecture}.core`)
    renameSync(join(place, written), core)
    return core
  }
})

function programId(architecture: Architecture): string {
  const lines = readFileSync(join(installationRoot(), 'test/fixtures/cores', architecture, 'build-ids'), 'utf8')
  return /^([0-9a-f]+) .*crash$/m.exec(lines)?.[1] ?? ''
}

function modulesIn(text: string): { path: string; status: string; package: string | null }[] {
  return text === '' ? [] : JSON.parse(text).modules
}

/** Names of the functions in the text of a backtrace, in order. */
function frames(backtrace: string): string[] {
  return [...backtrace.matchAll(/^#\d+ +(?:0x[0-9a-f]+ in )?(\S+) \(/gm)].map(([, name = '']) => name)
}

function inProgram(name: string): boolean {
  return readFileSync(join(installationRoot(), 'test/fixtures/cores/crash.c'), 'utf8').includes(`${name}(`)
}
