/**
 * A third package format, from its own folder and given to the product's own code: synced, fetched, kept, and retraced
 * by gdb. Nothing in src or workers knows of it.
 */
import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readConfiguration } from '../../src/packages/configuration.ts'
import type { PackageFormat } from '../../src/packages/format/format.ts'
import { FORMATS } from '../../src/packages/formats.ts'
import { PackageIndex, packageLabel } from '../../src/packages/index/lookup.ts'
import { isPackageKnown } from '../../src/packages/releases.ts'
import { Task } from '../../src/task/task.ts'
import { fetchFull } from '../../workers/reposync/full/fetch_full.ts'
import { syncAll } from '../../workers/reposync/sync_all.ts'
import { engines } from '../../workers/retrace/gdb/engines.ts'
import { journal } from '../../workers/retrace/journal.ts'
import { retrace } from '../../workers/retrace/retrace.ts'
import { plain } from '../fixtures/third_format/format.ts'
import { PlainRepository } from '../fixtures/third_format/repository.ts'
import { crash } from '../helpers/cores.ts'
import { type FileServer, serveFolder } from '../helpers/file_server.ts'
import type { Folder } from '../helpers/folder.ts'
import { makePackageStore, type PackageStore } from '../helpers/package_store.ts'
import { WORKER_ROOT } from '../helpers/retrace.ts'
import { SigningKey } from '../helpers/signing_key.ts'

const RELEASE = 'plain-1-x86_64'

interface World extends PackageStore {
  repository: PlainRepository
  server: FileServer
}

async function makeWorld(): Promise<World> {
  const store = await makePackageStore()
  const repository = new PlainRepository(store.folder.path)
  const server = await serveFolder(repository.root)
  return {
    ...store,
    repository,
    server,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      repository[Symbol.dispose]()
      await store[Symbol.asyncDispose]()
    },
  }
}

function services({ config, database }: World, formats: readonly PackageFormat[]) {
  return { config, database, formats, signal: AbortSignal.timeout(60_000) }
}

async function sync(world: World, formats: readonly PackageFormat[] = [plain]): Promise<number> {
  return await syncAll({ action: 'sync', dryRun: false, releases: [] }, services(world, formats))
}

function configure({ folder, repository, server }: World, more: Record<string, unknown> = {}): void {
  writeFileSync(folder.file('repos.d/test.place'), repository.place(server.url, more))
}

interface Built {
  /** As it runs, and as it is packed. */
  whole: string
  stripped: string
  debug: string
  buildId: string
  debugPath: string
}

/** A program that crashes in book(), called by main(); the version is in its build-id. */
function build(folder: Folder, version: string): Built {
  const path = (ending: string) => folder.file(`shop-${version}${ending}`)
  writeFileSync(
    path('.c'),
    `struct order { int number; struct order *next; };
const char *version = "${version}";
__attribute__((noinline)) int book(struct order *order, int amount) {
  volatile struct order *missing = order->next;
  return missing->number + amount;
}
int main(int count, char **words) {
  struct order first = { 7, 0 };
  return book(&first, 41 + count);
}
`,
  )
  execFileSync('gcc', ['-g', '-O0', '-Wl,--build-id=sha1', '-o', path(''), path('.c')], { stdio: 'pipe' })
  execFileSync('objcopy', ['--only-keep-debug', path(''), path('.debug')])
  execFileSync('objcopy', ['--strip-all', path(''), path('.stripped')])
  const buildId = /Build ID: ([0-9a-f]+)/.exec(execFileSync('readelf', ['-n', path('')], { encoding: 'utf8' }))?.[1] ??
    ''
  const debugPath = `/usr/lib/debug/.build-id/${buildId.slice(0, 2)}/${buildId.slice(2)}.debug`
  return { whole: path(''), stripped: path('.stripped'), debug: path('.debug'), buildId, debugPath }
}

/** The program and its debuginfo as packages of a version. */
function addShop({ repository }: World, version: string, built: Built): void {
  const common = { version, architecture: 'amd64', source: 'shop' }
  const { buildId } = built
  repository.add({ ...common, name: 'shop', files: { '/usr/bin/shop': { copy: built.stripped } }, code: [buildId] })
  repository.add({
    ...common,
    name: 'shop.symbols',
    files: { [built.debugPath]: { copy: built.debug } },
    debug: [buildId],
  })
}

/** One task, by the worker's own steps; what it leaves. */
async function retraced(world: World, core: string, manifest: Record<string, string> = {}) {
  const directory = world.folder.file('spool', '1')
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  copyFileSync(core, join(directory, 'coredump'))
  for (const [name, text] of Object.entries(manifest)) writeFileSync(join(directory, name), text)
  const said: string[] = []
  const code = await retrace(new Task(directory), {
    ...services(world, [plain]),
    engines: engines(world.config.engineDir),
    root: WORKER_ROOT,
    said: journal({ out: (line) => said.push(line), err: (line) => said.push(line) }),
  })
  const read = (name: string) => existsSync(join(directory, name)) ? readFileSync(join(directory, name), 'utf8') : ''
  const { modules } = JSON.parse(read('modules.json')) as { modules: Record<string, unknown>[] }
  return { code, log: said.join(''), backtrace: read('backtrace'), program: modules[0] }
}

describe('a package format from a folder of its own', () => {
  it('a format from a folder of its own is synced, fetched, kept and retraced', async () => {
    await using world = await makeWorld()
    const built = { r9: build(world.folder, 'r9'), r10: build(world.folder, 'r10') }
    addShop(world, 'r9', built.r9)
    addShop(world, 'r10', built.r10)
    world.repository.publish()
    configure(world)
    expect(await sync(world)).toBe(0)

    const index = new PackageIndex(world.database, [plain])
    expect(index.releases().map(({ name }) => name)).toEqual([RELEASE])
    const question = { nvr: 'shop@r9', arch: 'amd64', release: RELEASE }
    expect(isPackageKnown(world.database, question, [plain])).toBe(true)
    expect(isPackageKnown(world.database, { ...question, nvr: 'shop@r11' }, [plain])).toBe(false)

    const core = crash(world.folder.path, built.r9.whole)
    const { code, log, backtrace, program } = await retraced(world, core)
    expect(code, log).toBe(0)
    expect(program).toMatchObject({ status: 'exact', package: 'shop@r9:amd64', debug_package: 'shop.symbols@r9:amd64' })
    expect(backtrace).toMatch(/^#0 .* book \(order=0x[0-9a-f]+, amount=42\) at .*shop-r9\.c:5$/m)
    expect(backtrace).toMatch(
      /^#1 .* main \(count=1, words=.*\) at .*shop-r9\.c:9\n\s+first = \{number = 7, next = 0x0\}/m,
    )
    expect(log).toMatch(/^fetch: shop r9 \(/m)
    expect(log).not.toContain('fetch: shop r10')
    expect(existsSync(join(world.config.repoDir, RELEASE, 'shop@r9:amd64/usr/bin/shop'))).toBe(true)
  })

  it('reads what a client names in its own way, and says which versions are known in their order', async () => {
    await using world = await makeWorld()
    const built = build(world.folder, 'r2')
    for (const version of ['r9', 'r10', 'r100']) {
      const common = { version, architecture: 'amd64', source: 'shop' }
      world.repository.add({ ...common, name: 'shop', files: { [built.whole]: { bytes: 'another build' } } })
    }
    world.repository.publish()
    configure(world)
    expect(await sync(world)).toBe(0)
    const core = crash(world.folder.path, built.whole)
    const { program } = await retraced(world, core, { packages: 'shop@r20:amd64\n' })
    expect(program).toMatchObject({ status: 'missing', package: 'shop@r20' })
    expect(JSON.stringify(program)).toContain('the client says shop r20, which no index here has; known: r9, r10, r100')
  })

  it('a repository of a format from a folder of its own is fetched whole where its file says so, but for what is for every machine', async () => {
    await using world = await makeWorld()
    const built = build(world.folder, 'r1')
    for (const version of ['r9', 'r10']) addShop(world, version, built)
    const nothing = {
      version: 'r1',
      architecture: 'any',
      source: 'texts',
      files: { '/usr/bin/texts': { bytes: '#!' } },
    }
    world.repository.add({ ...nothing, name: 'texts' })
    world.repository.publish()
    configure(world, { fetch: 'full' })
    expect(await sync(world)).toBe(0)
    const options = { action: 'sync' as const, dryRun: false, releases: [] }
    expect(await fetchFull(options, services(world, [plain]))).toBe(0)
    const index = new PackageIndex(world.database, [plain])
    const here = index.madeFrom({ source: 'shop', sourceVersion: 'r10', releaseId: index.releases()[0]?.id ?? 0 })
    expect(here.map((row) => [packageLabel(row), row.folder])).toEqual([
      ['shop@r10:amd64', 'shop@r10:amd64'],
      ['shop.symbols@r10:amd64', 'shop.symbols@r10:amd64'],
    ])
    expect(index.exactly('texts', 'r1').map(({ folder }) => folder)).toEqual([null])
  })

  it('takes nothing that a stranger has signed', async () => {
    await using world = await makeWorld()
    using stranger = new SigningKey(world.folder.path, 'stranger')
    addShop(world, 'r9', build(world.folder, 'r9'))
    world.repository.publish({ key: stranger })
    configure(world)
    expect(await sync(world)).toBe(1)
    expect(new PackageIndex(world.database, [plain]).exactly('shop', 'r9')).toEqual([])
  })

  it('a format is unknown to an installation that has not been given it', async () => {
    await using world = await makeWorld()
    world.repository.publish()
    configure(world)
    expect(readConfiguration(world.config.reposD).repositories).toEqual([])
    expect(readConfiguration(world.config.reposD, [...FORMATS, plain]).repositories).toHaveLength(1)
  })
})
