/**
 * From a crash in a program of an RPM to its backtrace: the program abrt-retrace-worker, on an index of yum
 * repositories.
 */
import { execFileSync, spawn } from 'node:child_process'
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { arch, env } from 'node:process'
import { describe, expect, it } from 'vitest'
import type { Architecture } from '../../../src/elf/architecture.ts'
import { installationRoot } from '../../../src/program/program.ts'
import { pack, tarOf } from '../../helpers/archives.ts'
import { crash, fixtureCore, fixtureFiles } from '../../helpers/cores.ts'
import type { MadeFile } from '../../helpers/made_file.ts'
import type { MadeSource } from '../../helpers/rpm_repository.ts'
import { startServer } from '../../helpers/server.ts'
import { endOf } from '../../helpers/task.ts'
import { makeRpmWorld, type RpmWorld } from './world.ts'

interface Retraced {
  code: number | null
  log: string
  backtrace: string
  /** As `outcome.json` counts them. */
  packages: unknown
  modules: { path: string; status: string; package: string | null; debug_package: string | null; dwz: unknown[] }[]
}

/** The server of a test counts its tasks from 1. */
let tasks = 1000

async function retrace(world: RpmWorld, core: string, manifest: Record<string, string> = {}): Promise<Retraced> {
  const task = world.folder.file('spool', String(++tasks))
  mkdirSync(task, { recursive: true, mode: 0o700 })
  copyFileSync(core, join(task, 'coredump'))
  for (const [name, text] of Object.entries(manifest)) writeFileSync(join(task, name), text)
  const child = spawn(join(installationRoot(), 'ops/bin/abrt-retrace-worker'), [task], {
    env: { PATH: env.PATH, ...world.environment },
    stdio: 'ignore',
  })
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  const read = (name: string) => readdirSync(task).includes(name) ? readFileSync(join(task, name), 'utf8') : ''
  return {
    code,
    log: read('retrace-log'),
    backtrace: read('backtrace'),
    packages: (JSON.parse(read('outcome.json') || '{}') as Partial<Retraced>).packages,
    modules: (JSON.parse(read('modules.json') || '{"modules":[]}') as Pick<Retraced, 'modules'>).modules,
  }
}

const SHARED = 'struct order { int number; const char *name; struct order *next; long totals[6]; };'

/** A program with a library of its own source: both lean on one dwz file, as most of Fedora does. */
function shop(version: string, extra = ''): MadeSource {
  return {
    name: 'shop',
    version,
    debuginfo: true,
    sources: {
      'shop.h': SHARED,
      'shop.c': `#include "shop.h"\nint charge(struct order *o, int amount);${extra}
int main(int c, char **v) {
  struct order first = { 7, "tea", 0, { 1, 2, 3 } };
  return charge(&first, 42 + c);
}\n`,
      'charge.c': `#include "shop.h"
__attribute__((noinline)) static int book(struct order *order, int amount) {
  volatile struct order *missing = order->next;
  return missing->number + amount;
}
int charge(struct order *order, int amount) {
  int total = book(order, amount);
  return total + order->number;
}\n`,
    },
    build: [
      'mkdir -p $ROOT/usr/bin $ROOT/usr/lib64',
      'gcc -g -O1 -Wl,--build-id=sha1 -shared -fPIC -Wl,-soname,libcharge.so.1 -o $ROOT/usr/lib64/libcharge.so.1 charge.c',
      "gcc -g -O1 -Wl,--build-id=sha1 -o $ROOT/usr/bin/shop shop.c $ROOT/usr/lib64/libcharge.so.1 -Wl,-rpath,'$ORIGIN/../lib64'",
    ],
    files: { '/usr/bin/shop': 'built' },
    subpackages: { libs: { '/usr/lib64/libcharge.so.1': 'built' } },
  }
}

/** Runs the program as it is in its packages, unpacked below the folder, until it has crashed. */
function crashOf(world: RpmWorld, paths: string[]): string {
  const root = world.folder.file('installed')
  mkdirSync(root, { recursive: true })
  for (const path of paths) {
    execFileSync('sh', ['-c', 'rpm2archive -n - < "$1" | tar -xf - -C "$2"', '-', world.repository.path(path), root])
  }
  return crash(world.folder.path, join(root, 'usr/bin/shop'))
}

const CRASHED = /^#0 .* book \(.*amount=(amount@entry=)?43\) at .*charge\.c:4$/m
const CALLER = /^#1 .* charge \(order=.*, amount=.*\) at .*charge\.c:7$/m
const MAIN = /^#2 .* main \(.*\) at .*shop\.c:5\n\s+first = \{number = 7, name = 0x[0-9a-f]+ "tea"/m

describe('a crash in a program of a yum repository', () => {
  it('retraces a crash from every manifest, with debuginfo elsewhere and an update beside it, and when it is gone upstream', async () => {
    await using world = await makeRpmWorld()
    const { repository } = world
    const paths = repository.add(shop('1:1.0-1.fc40'))
    const main = ['shop', 'shop-libs'].map((name) => paths[name] ?? '')
    const core = crashOf(world, main)
    const debug = world.second()
    for (const name of ['shop-debuginfo', 'shop-libs-debuginfo', 'shop-debugsource']) {
      cpSync(repository.path(paths[name] ?? ''), debug.path(paths[name] ?? ''))
      repository.remove(paths[name] ?? '')
    }
    repository.publish({ date: 1_700_000_000 })
    // The update is in the second repository, whose debuginfo has both versions.
    debug.add(shop('1:1.1-1.fc40', ' int later(int a) { return a; }'))
    debug.publish({ date: 1_700_000_000 })
    world.configure(repository.section('fedora', world.url()) + repository.section('updates', world.url(debug)))
    expect(await world.sync()).toBe(0)
    for (
      const [manifest, files] of [
        ['bare', {}],
        ['ABRT', {
          os_release: 'Fedora release 40 (Forty)',
          package: 'shop-1:1.0-1.fc40',
          executable: '/usr/bin/shop',
        }],
        ['ABRT with the epoch first', { os_release: 'Fedora release 40 (Forty)', package: '1:shop-1.0-1.fc40' }],
        ['design', { architecture: 'x86_64\n', release: 'fedora-40\n', packages: 'shop-1.0-1.fc40.x86_64\n' }],
      ] as const
    ) {
      const result = await retrace(world, core, files)
      expect(result.code, `${manifest}: ${result.log}`).toBe(0)
      expect(result.packages, manifest).toEqual(manifest === 'bare' ? { here: 0, fetched: 4 } : { here: 4, fetched: 0 })
      for (const frame of [CRASHED, CALLER, MAIN]) expect(result.backtrace).toMatch(frame)
      expect(result.modules.filter(({ path }) => /shop|charge/.test(path))).toMatchObject([
        { status: 'exact', package: 'shop-1:1.0-1.fc40.x86_64', debug_package: 'shop-debuginfo-1:1.0-1.fc40.x86_64' },
        {
          status: 'exact',
          package: 'shop-libs-1:1.0-1.fc40.x86_64',
          debug_package: 'shop-libs-debuginfo-1:1.0-1.fc40.x86_64',
        },
      ])
    }
    expect(
      world.database.$client.prepare(
        "SELECT count(*) FROM package WHERE name LIKE '%debugsource' AND folder IS NOT NULL",
      )
        .pluck().get(),
    ).toBe(0)
    // Only the update is left upstream.
    for (const path of main) repository.remove(path)
    for (const name of ['shop-debuginfo', 'shop-libs-debuginfo', 'shop-debugsource']) debug.remove(paths[name] ?? '')
    for (const each of [repository, debug]) each.publish({ date: 1_700_001_000 })
    expect(await world.sync()).toBe(0)
    expect(world.row('shop', '1:1.0-1.fc40').gone).not.toBeNull()
    world.server.requests.length = 0
    const result = await retrace(world, core, { os_release: 'Fedora release 40 (Forty)' })
    expect(result.backtrace).toMatch(CRASHED)
    expect(world.server.requests).toEqual([])
  })

  it('retraces a crash from the build of its epoch, by its build-id, where the client names no epoch', async () => {
    await using world = await makeRpmWorld()
    const { repository } = world
    const paths = repository.add(shop('2:1.0-1.fc40'))
    const core = crashOf(world, ['shop', 'shop-libs'].map((name) => paths[name] ?? ''))
    repository.publish()
    const rebuilt = world.second()
    rebuilt.add(shop('3:1.0-1.fc40', ' int later(int a) { return a; }'))
    rebuilt.publish()
    world.configure(repository.section('fedora', world.url()) + repository.section('updates', world.url(rebuilt)))
    expect(await world.sync()).toBe(0)
    for (const name of ['shop-1.0-1.fc40', '2:shop-1.0-1.fc40', '3:shop-1.0-1.fc40']) {
      const manifest = { os_release: 'Fedora release 40 (Forty)', package: name, executable: '/usr/bin/shop' }
      const asked = await askAsAbrt(world, {
        core,
        manifest,
        rpmName: 'x86_64',
        release: 'fedora-40-x86_64',
        packages: undefined,
      })
      expect(asked, name).toMatchObject({ known: 302, status: 'FINISHED_SUCCESS' })
      for (const frame of [CRASHED, CALLER, MAIN]) expect(asked.backtrace, name).toMatch(frame)
    }
    expect(world.row('shop', '2:1.0-1.fc40').folder).not.toBeNull()
  })

  it.each(
    [
      ['arm64', 'aarch64', 'fedora-40-aarch64'],
      ['i386', 'i686', 'fedora-40-x86_64'],
    ] as const,
  )('retraces a crash of %s from packages of %s in %s', async (architecture: Architecture, rpmName, release) => {
    await using world = await makeRpmWorld()
    const { core, expected } = fixtureCore(architecture, world.folder.path)
    const root = world.folder.file('files')
    mkdirSync(root)
    fixtureFiles(architecture, root)
    const { program, libraries } = split(root)
    world.repository.add({
      name: 'crash',
      version: '1.0-1.fc40',
      architecture: rpmName,
      files: { '/usr/bin/crash': { copy: program.stripped } },
      subpackages: { debuginfo: { [program.debugPath]: { copy: program.debug } } },
    })
    world.repository.add({ name: 'glibc', version: '2.36-9.fc40', architecture: rpmName, files: libraries })
    // What a debugger of this machine needs to know threads and their variables.
    const threadLibrary = { copy: '/usr/lib/x86_64-linux-gnu/libthread_db.so.1' }
    const isForeign = rpmName === 'aarch64' && arch === 'x64'
    if (isForeign) {
      const files = { '/usr/lib64/libthread_db.so.1': threadLibrary }
      world.repository.add({ name: 'glibc', version: '2.36-9.fc40', architecture: 'x86_64', files })
    }
    world.repository.publish()
    world.configure({
      retrace_architectures: rpmName === 'i686' ? 'x86_64' : isForeign ? 'aarch64 x86_64' : rpmName,
    })
    await world.sync()
    const manifest = {
      os_release: 'Fedora release 40 (Forty)',
      package: 'crash-1.0-1.fc40',
      executable: '/usr/bin/crash',
    }
    const asked = await askAsAbrt(world, { core, manifest, rpmName, release, packages: isForeign ? 4 : 3 })
    expect(asked).toMatchObject({ known: 302, status: 'FINISHED_SUCCESS' })
    expect(asked.settings).toMatch(new RegExp(`^supported_releases .*\\b${release}\\b`, 'm'))
    expect(framesIn(asked.backtrace)).toEqual(framesIn(expected))
    const result = await retrace(world, core, manifest)
    expect(result.code, result.log).toBe(0)
    expect(result.log).not.toContain('not indexed here')
    expect(world.index.releases().map(({ name }) => name))
      .toEqual(isForeign ? [release, 'fedora-40-x86_64'] : [release])
    expect(world.index.exactly('glibc', '2.36-9.fc40').filter(({ folder }) => folder === null)).toEqual([])
    expect(framesIn(result.backtrace)).toEqual(framesIn(expected))
    expect(result.modules[0]).toMatchObject({
      status: 'exact',
      package: `crash-1.0-1.fc40.${rpmName}`,
      debug_package: `crash-debuginfo-1.0-1.fc40.${rpmName}`,
    })
  })
})

/** What ABRT's client asks of a server, one after the other (docs/http.md, 'For the ABRT client'). */
async function askAsAbrt(
  world: RpmWorld,
  { core, manifest, rpmName, release, packages }: {
    core: string
    manifest: Record<string, string>
    rpmName: string
    release: string
    /** How many the task fetched, when that is asked. */
    packages: number | undefined
  },
) {
  await using server = await startServer({ settings: world.environment })
  const settings = (await server.client.ask('/settings')).text
  const headers = {
    'X-Package-NVR': manifest.package ?? '',
    'X-Package-Arch': rpmName,
    'X-OS-Release': release,
  }
  const known = (await server.client.ask('/checkpackage', { headers })).status
  const reply = await server.client.ask('/create', {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-xz-compressed-tar' },
    body: pack('xz', tarOf({ coredump: readFileSync(core), ...manifest }), ['-1']),
  })
  const task = {
    id: String(reply.headers['x-task-id']),
    password: String(reply.headers['x-task-password']),
    estimate: Number(reply.headers['x-task-est-time']),
  }
  const status = await endOf(server, task, 60_000)
  const backtrace = (await server.client.ask(`/${task.id}/backtrace`, { password: task.password })).text
  if (packages === undefined) return { settings, known, status, backtrace }
  // The server counts a task once it has seen the worker's end.
  await expect.poll(() => server.program.services.metrics.registry.metrics())
    .toMatch(new RegExp(`^retrace_packages_used_total\\{from="fetched"\\} ${packages}$`, 'm'))
  return { settings, known, status, backtrace }
}

/** Frames of the program's own source in the crashed thread, the address left away. */
function framesIn(text: string): string[] {
  const thread = text.slice(text.indexOf('\nThread 1 ')).split('\nThread 2 ')[0] ?? ''
  return [...thread.matchAll(/^#\d+ .*?(\w+) \(.* at (?:.*\/)?(crash\.c:\d+)$/gm)].map(([, name, at]) =>
    `${name} ${at}`
  )
}

/** The fixture's program as Fedora would pack it, its DWARF in a file of its own, and the libraries as they are. */
function split(root: string) {
  const program = join(root, 'usr/bin/crash')
  const stripped = `${program}.stripped`
  const debug = `${program}.debug`
  execFileSync('eu-strip', ['-f', debug, '-o', stripped, program])
  const notes = execFileSync('readelf', ['-n', program], { encoding: 'utf8' })
  const buildId = /Build ID: ([0-9a-f]+)/.exec(notes)?.[1] ?? ''
  const libraries: Record<string, MadeFile> = {}
  for (
    const path of execFileSync('find', [root, '-name', '*.so*', '-type', 'f'], { encoding: 'utf8' }).trim().split('\n')
  ) {
    libraries[path.slice(root.length)] = { copy: path }
  }
  const debugPath = `/usr/lib/debug/.build-id/${buildId.slice(0, 2)}/${buildId.slice(2)}.debug`
  return { program: { stripped, debug, debugPath }, libraries }
}
