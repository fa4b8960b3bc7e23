/** A build-id that stands in several packages: which of them is fetched. */
import { describe, expect, it } from 'vitest'
import type { Core, CoreModule } from '../../../src/elf/core.ts'
import { fetchPackage } from '../../../src/packages/supply/package.ts'
import { PackageUses } from '../../../src/packages/index/use.ts'
import { resolveModules } from '../../../workers/retrace/resolve/resolve.ts'
import { type MadeElf, makeElf } from '../../helpers/made_elf.ts'
import { makeWorld, type World } from './world.ts'

function coreOf(modules: { path: string; buildId: string }[]): Core {
  const base = { deleted: false, start: 0n, end: 4096n, linkName: undefined, packageNote: undefined }
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
    modules: modules.map((one): CoreModule => ({ kind: 'library', ...base, ...one })),
  }
}

/** What was fetched, in order of names. */
async function fetched(world: World, modules: { path: string; buildId: string }[], packages: string[] = []) {
  const lines: string[] = []
  using uses = new PackageUses(world.database, 60)
  const { modules: resolved } = await resolveModules(coreOf(modules), { release: undefined, packages }, {
    config: world.config,
    database: world.database,
    uses,
    say: (step, text) => void lines.push(`${step}: ${text}`),
    signal: AbortSignal.timeout(20_000),
  })
  expect(resolved.map(({ status }) => status)).toEqual(modules.map(() => 'exact'))
  return lines.flatMap((line) => /^fetch: (\S+ \S+) \(/.exec(line)?.[1] ?? []).sort()
}

/** Two versions of one source; the module `same` was built alike in both, `main` was not. */
async function worldOfTwoBuilds() {
  const world = await makeWorld()
  const same = makeElf(world.folder.path, 'libsame')
  const versions: Record<string, MadeElf> = {}
  for (const version of ['1', '2']) {
    const main = versions[version] = makeElf(world.folder.path, `libmain${version}`)
    const debug = [main, same]
    world.repository.add({
      name: 'lib',
      version,
      files: { '/usr/lib/libmain.so': { copy: main.binary }, '/usr/lib/libsame.so': { copy: same.binary } },
    })
    world.repository.add({
      name: 'lib-dbg',
      source: 'lib',
      version,
      buildIds: debug.map(({ buildId }) => buildId),
      files: Object.fromEntries(debug.map((elf) => [elf.debugPath, { copy: elf.debug }])),
    })
  }
  world.repository.publish()
  await world.sync()
  const module = (name: 'main' | 'same', version = '1') => ({
    path: `/usr/lib/lib${name}.so`,
    buildId: (name === 'same' ? same : versions[version])?.buildId ?? '',
  })
  return { world, module }
}

describe('a build-id in two versions of a debuginfo package', () => {
  it('takes debuginfo from the version that the rest of the core is of, and does not fetch the other', async () => {
    const { world, module } = await worldOfTwoBuilds()
    await using _world = world
    expect(await fetched(world, [module('same'), module('main')])).toEqual(['lib 1', 'lib-dbg 1'])
  })

  it('takes debuginfo from the version that the client named', async () => {
    const { world, module } = await worldOfTwoBuilds()
    await using _world = world
    expect(await fetched(world, [module('same')], ['lib_1_amd64'])).toEqual(['lib 1', 'lib-dbg 1'])
  })

  it('takes debuginfo from the version that is here, and fetches nothing', async () => {
    const { world, module } = await worldOfTwoBuilds()
    await using _world = world
    for (const name of ['lib', 'lib-dbg']) {
      const { config, database } = world
      const signal = AbortSignal.timeout(20_000)
      await fetchPackage(world.row(name, '1'), { config, database, signal, say: () => undefined })
    }
    expect(await fetched(world, [module('same')], ['lib_2_amd64'])).toEqual([])
  })

  it('takes debuginfo from the newest version when nothing else tells', async () => {
    const { world, module } = await worldOfTwoBuilds()
    await using _world = world
    expect(await fetched(world, [module('same')])).toEqual(['lib 2', 'lib-dbg 2'])
  })
})
