import { rmSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Core, CoreModule } from '../../../src/elf/core.ts'
import { PackageUses } from '../../../src/packages/index/use.ts'
import { type Hints, type Resolution, resolveModules } from '../../../workers/retrace/resolve/resolve.ts'
import { lackOf } from '../../../workers/retrace/outcome/lack.ts'
import { makeElf } from '../../helpers/made_elf.ts'
import { dwzPair } from '../../helpers/dwz_pair.ts'
import { makeWorld, type World } from './world.ts'

function moduleAt(
  path: string,
  buildId: string | undefined,
  kind: CoreModule['kind'] = 'library',
  packageNote?: string,
): CoreModule {
  return { kind, path, deleted: false, start: 0n, end: 4096n, buildId, linkName: undefined, packageNote }
}

/** What resolveModules() reads of a core. */
function coreOf(...modules: CoreModule[]): Core {
  return {
    ident: { class: 64, littleEndian: true, machine: 62 },
    architecture: 'amd64',
    threads: [],
    process: undefined,
    siginfo: undefined,
    auxv: new Map(),
    files: [],
    segments: [],
    truncated: undefined,
    modules,
  }
}

async function resolve(
  world: World,
  core: Core,
  hints: Partial<Hints> = {},
): Promise<Resolution & { lines: string[] }> {
  const lines: string[] = []
  using uses = new PackageUses(world.database, 60)
  const resolution = await resolveModules(core, { release: undefined, packages: [], ...hints }, {
    config: world.config,
    database: world.database,
    uses,
    say: (step, text) => void lines.push(`${step}: ${text}`),
    signal: AbortSignal.timeout(20_000),
  })
  return { ...resolution, lines }
}

const SONE = '/usr/lib/x86_64-linux-gnu/libone.so.1.0'

describe('resolveModules()', () => {
  it('goes from a build-id in the index to debuginfo, source and binary, and needs no hint', async () => {
    await using world = await makeWorld()
    const one = makeElf(world.folder.path, 'libone')
    world.repository.add({
      name: 'libone1',
      source: 'one',
      version: '1-1',
      files: { [SONE.slice(4)]: { copy: one.binary } },
    })
    world.repository.add({
      name: 'one-tools',
      source: 'one',
      version: '1-1',
      files: { '/usr/bin/one': { bytes: 'x' } },
    })
    world.repository.add({
      name: 'libone1-dbgsym',
      source: 'one',
      version: '1-1',
      files: { [one.debugPath]: { copy: one.debug } },
      buildIds: [one.buildId],
    })
    world.repository.publish()
    await world.sync()
    const core = coreOf(moduleAt('/usr/bin/program', undefined, 'executable'), moduleAt(SONE, one.buildId))
    const { modules, release, lines } = await resolve(world, core)
    expect(release).toBe('debian-12-amd64')
    expect(modules[1]).toMatchObject({
      status: 'exact',
      package: 'libone1_1-1_amd64',
      debugPackage: 'libone1-dbgsym_1-1_amd64',
      binary: { buildId: one.buildId },
      debug: { buildId: one.buildId },
      tried: [],
    })
    expect(modules[0]).toMatchObject({ status: 'missing', binary: undefined })
    expect(lines.filter((line) => line.startsWith('fetch:')).sort()).toEqual([
      'fetch: libone1 1-1 (0.0 MB)',
      'fetch: libone1-dbgsym 1-1 (0.0 MB)',
    ])
  })

  it('asks the network for nothing when all is here, and again when a file was lost', async () => {
    await using world = await makeWorld()
    const one = makeElf(world.folder.path, 'libone')
    world.repository.add({ name: 'libone1', version: '1', files: { [SONE]: { copy: one.unstripped } } })
    world.repository.publish()
    await world.sync()
    const core = coreOf(moduleAt(SONE, one.buildId))
    const first = await resolve(world, core)
    expect(first.modules[0]).toMatchObject({ status: 'exact', debug: first.modules[0]?.binary })
    world.server.requests.length = 0
    const second = await resolve(world, core)
    expect(second.lines.filter((line) => line.startsWith('fetch'))).toEqual([])
    expect(world.server.requests).toEqual([])
    expect(second.seconds.fetch).toBe(0)
    rmSync(second.modules[0]?.binary?.path ?? '')
    const third = await resolve(world, core)
    expect(third.modules[0]?.status).toBe('exact')
    expect(world.server.requests).toHaveLength(1)
  })

  it('tries every known version of what has the path, the newest first, and says what it tried', async () => {
    await using world = await makeWorld()
    const old = makeElf(world.folder.path, 'libold')
    const newer = makeElf(world.folder.path, 'libnewer')
    world.repository.add({ name: 'libone1', source: 'one', version: '1.9', files: { [SONE]: { copy: old.binary } } })
    world.repository.add({ name: 'libone1', source: 'one', version: '1.10', files: { [SONE]: { copy: newer.binary } } })
    world.repository.publish()
    await world.sync()
    const { modules, lines } = await resolve(
      world,
      coreOf(moduleAt('/lib/x86_64-linux-gnu/libone.so.1.0', old.buildId)),
    )
    expect(lines.filter((line) => line.startsWith('fetch:'))).toEqual([
      'fetch: libone1 1.10 (0.0 MB)',
      'fetch: libone1 1.9 (0.0 MB)',
    ])
    expect(modules[0]).toMatchObject({ status: 'no-debuginfo', package: 'libone1_1.9_amd64' })
    expect(modules[0]?.tried).toEqual([
      `libone1_1.10_amd64 has the path with the build-id ${newer.buildId}, the core has ${old.buildId}`,
      'one 1.9 has no debuginfo package in the repositories of debian-12-amd64',
    ])
  })

  it('calls a module a mismatch when no known version has its build-id, and names what the client said', async () => {
    await using world = await makeWorld()
    const one = makeElf(world.folder.path, 'libone')
    world.repository.add({ name: 'libone1', version: '1.9', files: { [SONE]: { copy: one.binary } } })
    world.repository.publish()
    await world.sync()
    const core = coreOf(moduleAt(SONE, 'ab'.repeat(20)))
    const { modules, release } = await resolve(world, core, {
      release: 'Debian GNU/Linux 12 (bookworm)',
      packages: ['libone1_1.8_amd64'],
    })
    expect(release).toBe('debian-12-amd64')
    expect(modules[0]).toMatchObject({ status: 'mismatch', binary: undefined, package: 'libone1_1.9_amd64' })
    expect(modules[0]?.tried.join()).toContain('the client says libone1 1.8, which no index here has; known: 1.9')
  })

  it('takes the version that the client named before all others', async () => {
    await using world = await makeWorld()
    const old = makeElf(world.folder.path, 'libold')
    const newer = makeElf(world.folder.path, 'libnewer')
    world.repository.add({ name: 'libone1', version: '1', files: { [SONE]: { copy: old.binary } } })
    world.repository.add({ name: 'libone1', version: '2', files: { [SONE]: { copy: newer.binary } } })
    world.repository.publish()
    await world.sync()
    const core = coreOf(moduleAt(SONE, old.buildId))
    const { modules, lines } = await resolve(world, core, { packages: ['libone1-1'] })
    expect(modules[0]?.package).toBe('libone1_1_amd64')
    expect(lines.filter((line) => line.startsWith('fetch:'))).toEqual(['fetch: libone1 1 (0.0 MB)'])
  })

  it('takes a module without a build-id by its path, from packages that the client named only', async () => {
    await using world = await makeWorld()
    const one = makeElf(world.folder.path, 'libone')
    world.repository.add({ name: 'libone1', version: '1', files: { [SONE]: { copy: one.binary } } })
    world.repository.publish()
    await world.sync()
    const core = coreOf(moduleAt(SONE, undefined))
    const named = await resolve(world, core, { release: 'debian-12', packages: ['libone1_1'] })
    expect(named.modules[0]).toMatchObject({ status: 'by-path', package: 'libone1_1_amd64' })
    const unnamed = await resolve(world, core, { release: 'debian-12' })
    expect(unnamed.modules[0]).toMatchObject({ status: 'missing', binary: undefined, isNameable: true })
    const other = await resolve(world, core, { release: 'debian-12', packages: ['other_1'] })
    expect(other.modules[0]).toMatchObject({ status: 'missing', isNameable: true })
    expect(named.modules[0]?.isNameable).toBeUndefined()
  })

  it('resolveModules() does not believe the client about a package or a version that the build-id contradicts', async () => {
    await using world = await makeWorld()
    const right = makeElf(world.folder.path, 'libright')
    const wrong = makeElf(world.folder.path, 'libwrong')
    world.repository.add({ name: 'libone1', version: '1', files: { [SONE]: { copy: right.binary } } })
    world.repository.add({ name: 'libone1', version: '2', files: { [SONE]: { copy: wrong.binary } } })
    world.repository.add({ name: 'other', version: '1', files: { '/usr/bin/other': { copy: wrong.unstripped } } })
    world.repository.publish()
    await world.sync()
    const core = coreOf(moduleAt(SONE, right.buildId, 'executable'))
    const { modules, owner } = await resolve(world, core, {
      release: 'fedora-40',
      packages: ['other-1-1', 'other_1_amd64', 'libone1_2_amd64'],
    })
    expect(modules[0]).toMatchObject({ status: 'no-debuginfo', package: 'libone1_1_amd64' })
    expect(modules[0]?.binary?.buildId).toBe(right.buildId)
    expect(owner).toBe('libone1')
  })

  it('says of a package that left the archive before it was fetched that it is gone, and of what it knows', async () => {
    await using world = await makeWorld()
    const one = makeElf(world.folder.path, 'libone')
    const files = { [SONE]: { copy: one.binary } }
    const path = world.repository.add({ name: 'libone1', source: 'one', version: '1', files })
    const debug = world.repository.add({
      name: 'libone1-dbgsym',
      source: 'one',
      version: '1',
      files: {},
      buildIds: [one.buildId],
    })
    world.repository.publish()
    await world.sync()
    world.repository.remove(path)
    world.repository.remove(debug)
    world.repository.add({ name: 'libtwo1', version: '1', files: { '/usr/lib/libtwo.so': { copy: one.binary } } })
    world.repository.publish()
    await world.sync()
    const { modules } = await resolve(world, coreOf(moduleAt(SONE, one.buildId, 'executable')))
    expect(modules[0]).toMatchObject({ status: 'missing', package: 'libone1_1_amd64', gone: 'libone1_1_amd64' })
    expect(modules[0]?.tried.join()).toContain(
      'libone1_1_amd64 is gone upstream, and was not fetched while it was there',
    )
    expect(modules[0] && lackOf(modules[0])).toMatchObject({ kind: 'not-found', isGone: true })
  })

  it('finds a program by the package note that it carries, and names it where no index knows it', async () => {
    await using world = await makeWorld()
    const one = makeElf(world.folder.path, 'libone')
    world.repository.add({ name: 'libone1', version: '1', files: { '/opt/elsewhere': { copy: one.binary } } })
    world.repository.publish()
    await world.sync()
    const note = (version: string) => JSON.stringify({ type: 'deb', name: 'libone1', version, architecture: 'amd64' })
    const core = coreOf(
      moduleAt(SONE, one.buildId, 'library', note('1')),
      moduleAt('/usr/lib/libx.so', 'ab'.repeat(20), 'library', note('7')),
      moduleAt('/usr/lib/liby.so', 'cd'.repeat(20), 'library', '{"name":"../x","version":"1"}'),
    )
    const { modules } = await resolve(world, core)
    expect(modules.map(({ status, package: name }) => [status, name])).toEqual([
      ['no-debuginfo', 'libone1_1_amd64'],
      ['missing', 'libone1_7_amd64'],
      ['missing', undefined],
    ])
  })

  it('names the closest versions that it knows when the client names another', async () => {
    await using world = await makeWorld()
    const one = makeElf(world.folder.path, 'libone')
    for (const version of ['1', '2', '3', '5', '6', '7']) {
      world.repository.add({ name: 'libone1', version, files: { [SONE]: { copy: one.binary } } })
    }
    world.repository.publish()
    await world.sync()
    const core = coreOf(moduleAt(SONE, 'ab'.repeat(20), 'executable'))
    const { modules } = await resolve(world, core, { release: 'debian-12', packages: ['libone1_4_amd64'] })
    expect(modules[0]?.tried.join()).toContain('which no index here has; known: 2, 3, 5, 6')
  })

  it('believes the build-ids, not the client, about the release', async () => {
    await using world = await makeWorld()
    const one = makeElf(world.folder.path, 'libone')
    world.repository.add({ name: 'one-dbg', version: '1', files: {}, buildIds: [one.buildId] })
    world.repository.publish()
    await world.sync()
    const { release, lines } = await resolve(world, coreOf(moduleAt(SONE, one.buildId)), { release: 'fedora-40' })
    expect(release).toBe('debian-12-amd64')
    expect(lines[0]).toBe(
      'resolve: the client says fedora-40-x86_64, but the build-ids are those of debian-12-amd64',
    )
  })

  it.each([true, false])('closes over the dwz file of debuginfo; it is in a package: %s', async (isThere) => {
    await using world = await makeWorld()
    const { one, dwz, dwzId } = dwzPair(world.folder.path)
    const dwzFile = { '/usr/lib/debug/.dwz/x86_64-linux-gnu/one.debug': { copy: dwz } }
    world.repository.add({ name: 'libone1', source: 'one', version: '1', files: { [SONE]: { copy: one.binary } } })
    world.repository.add({
      name: 'one-dbg',
      source: 'one',
      version: '1',
      buildIds: [one.buildId],
      files: { [one.debugPath]: { copy: one.debug } },
    })
    if (isThere) world.repository.add({ name: 'one-common-dbg', source: 'one', version: '1', files: dwzFile })
    world.repository.publish()
    await world.sync()
    const { modules } = await resolve(world, coreOf(moduleAt(SONE, one.buildId)))
    expect(modules[0]?.status).toBe('exact')
    expect(modules[0]?.dwz.map(({ buildId }) => buildId)).toEqual(isThere ? [dwzId] : [])
    expect(modules[0]?.tried.join().includes(`the dwz file ${dwzId}`)).toBe(!isThere)
    expect(modules[0]?.missingDwz).toBe(isThere ? undefined : dwzId)
    expect(modules[0] && lackOf(modules[0])).toEqual(
      isThere ? undefined : expect.objectContaining({ kind: 'no-dwz-file' }),
    )
  })

  it('leaves the vdso alone, and finds the owner of the program', async () => {
    await using world = await makeWorld()
    const program = makeElf(world.folder.path, 'program', { shared: false, source: 'void _start(void) { for (;;); }' })
    world.repository.add({ name: 'program', version: '1', files: { '/usr/bin/program': { copy: program.binary } } })
    world.repository.publish()
    await world.sync()
    const core = coreOf(
      moduleAt('/usr/bin/program', program.buildId, 'executable'),
      moduleAt('[vdso]', 'ee'.repeat(20), 'vdso'),
    )
    const { modules, owner } = await resolve(world, core, { packages: ['other-1-1'] })
    expect(owner).toBe('program')
    expect(modules.map(({ status }) => status)).toEqual(['no-debuginfo', 'not-applicable'])
  })

  it('resolveModules() reports a missing module, and does not throw, when its package cannot be fetched', async () => {
    await using world = await makeWorld()
    const one = makeElf(world.folder.path, 'libone')
    const path = world.repository.add({ name: 'libone1', version: '1', files: { [SONE]: { copy: one.binary } } })
    world.repository.publish()
    await world.sync()
    world.server.fault(path, 'altered')
    const { modules, lines } = await resolve(world, coreOf(moduleAt(SONE, one.buildId)))
    expect(modules[0]).toMatchObject({ status: 'missing', package: 'libone1_1_amd64' })
    expect(lines.join()).toContain('libone1_1_amd64 could not be fetched: ')
    // The administrator's log has the address and the checksums.
    expect(lines.join()).toContain('what came is not what its index says')
    expect(lines.join()).not.toMatch(/:\/\/|SHA256/)
  })
})
