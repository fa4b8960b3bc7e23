/**
 * Indices of kept debuginfo: gdb makes them behind the wall, of packages that are kept, and they go with those. What the worker
 * makes of a core is the same with them.
 */
import { Buffer } from 'node:buffer'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { evictOverQuota } from '../../../src/packages/keep/evict.ts'
import { removeKept } from '../../../src/packages/keep/kept.ts'
import { keptBytes, keptPackages } from '../../../src/packages/keep/kept_packages.ts'
import { copies, indexPath, plainPath, removeCopy } from '../../../src/packages/keep/debug_index.ts'
import { PackageUses } from '../../../src/packages/index/use.ts'
import { fetchPackage } from '../../../src/packages/supply/package.ts'
import { type Engine, hostEngine } from '../../../workers/retrace/gdb/engine.ts'
import { indexArguments } from '../../../workers/retrace/gdb/arguments.ts'
import { makeIndexes } from '../../../workers/retrace/indexing/make_indexes.ts'
import { verifyKept } from '../../../workers/reposync/verify.ts'
import { before, brokenGdb, DIES } from '../../helpers/broken_gdb.ts'
import { dwzPair } from '../../helpers/dwz_pair.ts'
import { temporaryFolder } from '../../helpers/folder.ts'
import { makeElf } from '../../helpers/made_elf.ts'
import { compareWithGdb, compileFixture } from '../../helpers/oracle.ts'
import { retraceIn } from '../../helpers/retrace.ts'
import { makeWorld, type World } from './world.ts'

const gdb = hostEngine()

async function keep(world: World, ...names: string[]): Promise<void> {
  for (const name of names) {
    await fetchPackage(world.row(name), {
      config: world.config,
      database: world.database,
      signal: AbortSignal.timeout(20_000),
      say: () => undefined,
    })
  }
}

/** As the worker does it, but of files of any size. */
async function index(
  world: World,
  engine: Engine | undefined = gdb,
  { lacking, ...changes }: Partial<World['config']> & { lacking?: () => Promise<string | undefined> } = {},
) {
  const said: string[] = []
  const counts = await makeIndexes({
    config: { ...world.config, ...changes },
    engines: engine === undefined ? [] : [engine],
    signal: AbortSignal.timeout(60_000),
    leastBytes: 0,
    say: (line) => said.push(line),
    ...(lacking === undefined ? {} : { lacking }),
  })
  return { ...counts, said }
}

/** The indices of a package, below its folder. */
function indexesOf(world: World, name: string): string[] {
  const folder = join(world.config.repoDir, 'debian-12-amd64', `${name}_1_amd64`)
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((each) =>
    /[0-9a-f]{40}\.gdb-index$/.test(each)
  )
    .map((each) => join(folder, each))
}

async function worldOfOne() {
  const world = await makeWorld()
  const made = makeElf(world.folder.path, 'libone')
  world.repository.add({ name: 'one-dbg', version: '1', files: { [made.debugPath]: { copy: made.debug } } })
  world.repository.publish()
  await world.sync()
  await keep(world, 'one-dbg')
  return { world, made }
}

/** One package with compressed debuginfo, kept; `file`: its folder. */
async function keepCompressed(world: World) {
  // Little debuginfo is not worth compressing.
  const source = Array.from({ length: 300 }, (_, at) => `int one_answer_${at}(int x) { return x + ${at}; }`).join('\n')
  const made = makeElf(world.folder.path, 'libone', { source })
  execFileSync('objcopy', ['--compress-debug-sections', made.debug])
  world.repository.add({ name: 'one-dbg', version: '1', files: { [made.debugPath]: { copy: made.debug } } })
  world.repository.publish()
  await world.sync()
  await keep(world, 'one-dbg')
  return { made, file: join(world.config.repoDir, 'debian-12-amd64/one-dbg_1_amd64') }
}

describe('an index of kept debuginfo', () => {
  it('is made once, counts with its package, and goes with it', async () => {
    const { world, made } = await worldOfOne()
    await using _world = world
    const before = keptBytes(world.database)
    expect(await index(world)).toMatchObject({ made: 1, failed: 0 })
    const [file = ''] = indexesOf(world, 'one-dbg')
    expect(file.endsWith(indexPath(gdb?.indexKey ?? '', made.buildId))).toBe(true)
    expect(keptBytes(world.database)).toBe(before + statSync(file).size)
    expect(await index(world)).toMatchObject({ made: 0, failed: 0 })
    const [kept] = keptPackages(world.database)
    expect(kept && removeKept(world.database, world.config.repoDir, kept)).toBeGreaterThan(before)
    expect(existsSync(file)).toBe(false)
    expect(keptBytes(world.database)).toBe(0)
    expect(readdirSync(join(world.config.repoDir, '.fetch'))).toEqual([])
  })

  it('is made of the dwz file, too, on which debuginfo leans', async () => {
    await using world = await makeWorld()
    const { one, dwz, dwzId } = dwzPair(world.folder.path)
    const dwzPath = '/usr/lib/debug/.dwz/x86_64-linux-gnu/one.debug'
    world.repository.add({ name: 'one-dbg', version: '1', files: { [one.debugPath]: { copy: one.debug } } })
    world.repository.add({ name: 'dwz-dbg', version: '1', files: { [dwzPath]: { copy: dwz } } })
    world.repository.publish()
    await world.sync()
    await keep(world, 'one-dbg')
    expect(await index(world), 'while the dwz file is not here').toMatchObject({ made: 0, failed: 0 })
    await keep(world, 'dwz-dbg')
    expect(await index(world)).toMatchObject({ made: 1, failed: 0 })
    expect(indexesOf(world, 'one-dbg')).toHaveLength(1)
    expect(indexesOf(world, 'dwz-dbg').map((each) => each.slice(each.lastIndexOf('/') + 1))).toEqual([
      `${dwzId}.gdb-index`,
    ])
  })

  it('that gdb ends over is remembered, until there is another gdb, whose indices replace all others', async () => {
    const { world, made } = await worldOfOne()
    await using _world = world
    const dying = brokenGdb(DIES)
    expect(await index(world, dying)).toMatchObject({ made: 0, failed: 1, said: [/no index can be made/] })
    expect(await index(world, dying)).toMatchObject({ made: 0, failed: 0 })
    const newer = gdb && { ...gdb, indexKey: 'newer' }
    expect(await index(world, newer)).toMatchObject({ made: 1, failed: 0 })
    expect(indexesOf(world, 'one-dbg').map((each) => each.endsWith(indexPath('newer', made.buildId)))).toEqual([true])
  })

  it('that gdb says it has no memory for is remembered, however many are, and none is made where this machine has none', async () => {
    await using world = await makeWorld()
    const names = ['one', 'two', 'three', 'four']
    for (const name of names) {
      const made = makeElf(world.folder.path, `lib${name}`)
      world.repository.add({ name: `${name}-dbg`, version: '1', files: { [made.debugPath]: { copy: made.debug } } })
    }
    world.repository.publish()
    await world.sync()
    await keep(world, ...names.map((name) => `${name}-dbg`))
    const greedy = brokenGdb('os.write(2, b"gdb: Cannot allocate memory\\n"); os._exit(1)')
    const lacking = () => Promise.resolve('this machine has 3 MB of memory left')
    expect(await index(world, greedy, { lacking })).toMatchObject({
      ...{ made: 0, failed: 0 },
      said: ['no further index is made: this machine has 3 MB of memory left'],
    })
    expect(await index(world, brokenGdb('import signal; os.kill(os.getpid(), signal.SIGKILL)'))).toMatchObject({
      made: 0,
      failed: 0,
    })
    expect(await index(world, greedy)).toMatchObject({ made: 0, failed: 4 })
  })

  it('costs no package its place: none is made over the quota', async () => {
    const { world } = await worldOfOne()
    await using _world = world
    const repoQuotaMb = (keptBytes(world.database) + 1) / 2 ** 20
    expect(await index(world, gdb, { repoQuotaMb })).toMatchObject({ made: 0, failed: 0 })
    expect(indexesOf(world, 'one-dbg')).toEqual([])
    expect(await index(world)).toMatchObject({ made: 1 })
  })

  it('that is damaged costs no package, and is made again', async () => {
    const { world } = await worldOfOne()
    await using _world = world
    await index(world)
    const [file = ''] = indexesOf(world, 'one-dbg')
    writeFileSync(file, Buffer.alloc(statSync(file).size, 1))
    const signal = AbortSignal.timeout(60_000)
    const services = { config: world.config, database: world.database, signal, transfer: {} }
    expect(await verifyKept({ action: 'verify', dryRun: false, releases: [] }, services)).toBe(0)
    expect(keptPackages(world.database)).toHaveLength(1)
    expect(existsSync(file)).toBe(false)
    expect(await index(world)).toMatchObject({ made: 1 })
    expect(existsSync(file)).toBe(true)
  })

  it('comes with a copy that is not compressed, which counts with its package and goes with it', async () => {
    await using world = await makeWorld()
    const { file, made } = await keepCompressed(world)
    const bytes = keptBytes(world.database)
    expect(await index(world)).toMatchObject({ made: 2, failed: 0 })
    const copy = join(file, plainPath(made.buildId))
    expect(statSync(copy).size).toBeGreaterThan(statSync(join(file, made.debugPath)).size)
    const sections = execFileSync('readelf', ['-SW', copy], { encoding: 'utf8' }).split('\n')
    expect(sections.filter((line) => / \.debug_.* C /.test(line))).toEqual([])
    const [own = ''] = indexesOf(world, 'one-dbg')
    expect(keptBytes(world.database)).toBe(bytes + statSync(own).size + statSync(copy).size)
    expect(await index(world)).toMatchObject({ made: 0, failed: 0 })
    const [kept] = keptPackages(world.database)
    removeKept(world.database, world.config.repoDir, kept ?? { id: 0, release: '', folder: '' })
    expect([existsSync(copy), keptBytes(world.database)]).toEqual([false, 0])
  })

  it('comes with no copy where as much again as is kept would not fit: packages come first', async () => {
    await using world = await makeWorld()
    const { file, made } = await keepCompressed(world)
    const repoQuotaMb = keptBytes(world.database) * 3 / 2 ** 20
    expect(await index(world, gdb, { repoQuotaMb })).toMatchObject({ made: 1, failed: 0 })
    expect(existsSync(join(file, plainPath(made.buildId)))).toBe(false)
    expect(await index(world, gdb, { repoQuotaMb: 1000 })).toMatchObject({ made: 1, failed: 0 })
  })

  it('comes with a copy that goes before any package where the quota is reached', async () => {
    await using world = await makeWorld()
    const { file, made } = await keepCompressed(world)
    await index(world)
    const copy = join(file, plainPath(made.buildId))
    const { size } = statSync(copy)
    const repoQuotaMb = (keptBytes(world.database) - size / 2) / 2 ** 20
    const config = { repoDir: world.config.repoDir, repoQuotaMb }
    {
      using uses = new PackageUses(world.database, 60)
      uses.claim(keptPackages(world.database)[0]?.id ?? 0)
      expect(copies(world.database).map((each) => removeCopy(world.database, config.repoDir, each))).toEqual([0])
      expect(evictOverQuota(world.database, config)).toMatchObject({ freedBytes: 0 })
    }
    const rehearsed = evictOverQuota(world.database, config, { dryRun: true })
    expect([existsSync(copy), evictOverQuota(world.database, config)]).toEqual([true, rehearsed])
    expect(rehearsed).toMatchObject({ packages: [], freedBytes: size })
    expect([existsSync(copy), keptPackages(world.database).length]).toEqual([false, 1])
  })

  it('comes with no copy of what was evicted meanwhile, and with those of others', async () => {
    await using world = await makeWorld()
    const { file, made } = await keepCompressed(world)
    rmSync(join(file, made.debugPath))
    expect(await index(world)).toMatchObject({ made: 0 })
  })

  it('comes with no copy of what is not compressed, which is not looked at again', async () => {
    const { world, made } = await worldOfOne()
    await using _world = world
    await index(world)
    const copy = join(world.config.repoDir, 'debian-12-amd64/one-dbg_1_amd64', plainPath(made.buildId))
    expect(statSync(copy).size).toBe(0)
    writeFileSync(copy, 'as it was')
    await index(world)
    expect(readFileSync(copy, 'utf8')).toBe('as it was')
  })

  it.skipIf(gdb?.indexKey === undefined)('is read by gdb, whose answers are the same', async () => {
    await using folder = await temporaryFolder()
    const program = compileFixture(folder.path, 'containers.cc', 'containers', ['-O0'])
    const { core, root, ours, theirs, retraced } = await compareWithGdb(folder.path, program, [])
    const module = retraced.core.modules.find(({ kind }) => kind === 'executable')
    const file = join(root, indexPath(gdb?.indexKey ?? '', module?.buildId ?? ''))
    mkdirSync(dirname(file), { recursive: true })
    execFileSync('gdb-multiarch', indexArguments(program, folder.path))
    writeFileSync(file, readFileSync(`${program}.gdb-index`))
    const engines = [brokenGdb(before('answer_libraries', 'True', 'send(problem=said("show index-cache stats"))'))]
    const found = await retraceIn(core, root, { hostDebug: true, engines })
    expect(found.debugged.conversation?.problems.join('\n')).toMatch(/Cache hits \(this session\): [1-9]/)
    expect(found.text).toBe(retraced.text)
    expect(ours).toEqual(theirs)
  })
})
