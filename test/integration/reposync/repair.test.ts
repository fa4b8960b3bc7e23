import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stdout } from 'node:process'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { fetchPackage } from '../../../src/packages/supply/package.ts'
import { takeLease } from '../../../src/packages/index/lease.ts'
import { PackageUses } from '../../../src/packages/index/use.ts'
import { keptBytes, keptPackages } from '../../../src/packages/keep/kept_packages.ts'
import { tidy } from '../../../workers/reposync/tidy.ts'
import { verifyKept } from '../../../workers/reposync/verify.ts'
import { makeElf } from '../../helpers/made_elf.ts'
import { makeWorld, type World } from '../packages/world.ts'

const DAY = 86_400
const now = () => Math.floor(Date.now() / 1000)

async function get(world: World, name: string, version?: string): Promise<void> {
  const { config, database } = world
  await fetchPackage(world.row(name, version), {
    config,
    database,
    signal: AbortSignal.timeout(20_000),
    say: () => undefined,
  })
}

function kept(world: World): string[] {
  return keptPackages(world.database).map(({ folder }) => folder).sort()
}

function inStore(world: World, ...names: string[]): string {
  return join(world.config.repoDir, 'debian-12-amd64', ...names)
}

/** What `--verify` prints. */
async function verify(world: World, { dryRun = false, exitCode = 0 } = {}): Promise<string> {
  let text = ''
  const spy = vi.spyOn(stdout, 'write').mockImplementation((chunk) => (text += String(chunk)) !== '')
  const { config, database } = world
  const services = { config, database, signal: new AbortController().signal }
  const code = await verifyKept({ action: 'verify', dryRun, releases: [] }, services)
  spy.mockRestore()
  expect(code).toBe(exitCode)
  return text
}

afterEach(() => void vi.restoreAllMocks())

describe('X-Retrace-Superseded', () => {
  /** `lib` 1 is here, then 2 stands beside it, or in its place. */
  async function worldWithTwoVersions(superseded: string, { inPlace = true } = {}) {
    const world = await makeWorld()
    world.configure({ 'X-Retrace-Superseded': superseded })
    const elf = makeElf(world.folder.path, 'libone')
    const lib = { name: 'lib', files: { '/usr/lib/libone.so': { copy: elf.binary } } }
    const path = world.repository.add({ ...lib, version: '1.9' })
    world.repository.publish({ date: new Date(Date.now() - 5000) })
    await world.sync()
    await get(world, 'lib')
    if (inPlace) world.repository.remove(path)
    world.repository.add({ ...lib, version: '1.10' })
    world.repository.publish()
    await world.sync()
    return world
  }

  it.each([true, false])(
    'one-week: deletes a version a week after a newer one came, whether it vanished upstream: %s',
    async (inPlace) => {
      await using world = await worldWithTwoVersions('one-week', { inPlace })
      await get(world, 'lib', '1.10')
      expect(tidy({ ...world, now: now() + 6 * DAY }, { dryRun: false })).toEqual([])
      expect(kept(world)).toEqual(['lib_1.10_amd64', 'lib_1.9_amd64'])
      expect(tidy({ ...world, now: now() + 8 * DAY }, { dryRun: true })).toEqual([
        'debian-12-amd64/lib_1.9_amd64: its files would be removed: a newer version has stood beside it for a week',
      ])
      expect(kept(world)).toEqual(['lib_1.10_amd64', 'lib_1.9_amd64'])
      expect(tidy({ ...world, now: now() + 8 * DAY }, { dryRun: false })).toEqual([
        'debian-12-amd64/lib_1.9_amd64: its files were removed: a newer version has stood beside it for a week',
      ])
      expect(kept(world)).toEqual(['lib_1.10_amd64'])
      expect(existsSync(inStore(world, 'lib_1.9_amd64'))).toBe(false)
      expect(world.row('lib', '1.9').gone === null).toBe(!inPlace)
    },
  )

  it('one-week: leaves what a running task uses, until it has ended', async () => {
    await using world = await worldWithTwoVersions('one-week')
    {
      using uses = new PackageUses(world.database, 60)
      expect(uses.claim(world.row('lib', '1.9').id)).toBe('lib_1.9_amd64')
      expect(tidy({ ...world, now: now() + 8 * DAY }, { dryRun: false })).toEqual([])
    }
    expect(tidy({ ...world, now: now() + 8 * DAY }, { dryRun: false })).toHaveLength(1)
  })

  it('one-week: begins anew when the newer version is taken back', async () => {
    await using world = await worldWithTwoVersions('one-week', { inPlace: false })
    world.repository.remove('pool/lib_1.10_amd64.deb')
    world.repository.publish({ date: new Date(Date.now() + 5000) })
    await world.sync()
    expect(tidy({ ...world, now: now() + 8 * DAY }, { dryRun: false })).toEqual([])
    expect(kept(world)).toEqual(['lib_1.9_amd64'])
  })

  it('keep: never deletes a version that vanished upstream and is here', async () => {
    await using world = await worldWithTwoVersions('keep')
    expect(tidy({ ...world, now: now() + 400 * DAY }, { dryRun: false })).toEqual([])
    await world.sync()
    expect(kept(world)).toEqual(['lib_1.9_amd64'])
    expect(world.row('lib', '1.9').gone).not.toBeNull()
    expect(existsSync(inStore(world, 'lib_1.9_amd64/usr/lib/libone.so'))).toBe(true)
  })
})

describe('abrt-reposync --verify', () => {
  const SHARED = '/usr/lib/libone.so'

  /** `one` and `two` share a library; `two` has one of its own. Both are here. */
  async function worldWithTwo() {
    const world = await makeWorld()
    const [shared, own] = ['libone', 'libtwo'].map((name) => makeElf(world.folder.path, name).binary)
    const files = { [SHARED]: { copy: shared ?? '' } }
    world.repository.add({ name: 'one', version: '1', files })
    world.repository.add({ name: 'two', version: '1', files: { ...files, '/usr/lib/libtwo.so': { copy: own ?? '' } } })
    world.repository.publish({ date: new Date(Date.now() - 5000) })
    await world.sync()
    await get(world, 'one')
    await get(world, 'two')
    return world
  }

  /** Another byte in the same size. */
  function damage(path: string): void {
    const bytes = readFileSync(path)
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1)
    writeFileSync(path, bytes)
  }

  it('finds nothing where all is well', async () => {
    await using world = await worldWithTwo()
    expect(await verify(world)).toBe('2 packages checked, 0 damaged, 0 strays\n')
  })

  it('fetches damaged packages again, those that share the damaged content too', async () => {
    await using world = await worldWithTwo()
    const path = (name: string) => inStore(world, `${name}_1_amd64`, SHARED)
    const good = readFileSync(path('one'))
    damage(path('one'))
    expect(readFileSync(path('two'))).not.toEqual(good)
    const dry = await verify(world, { dryRun: true })
    expect(dry).toContain(`one_1_amd64: would be fetched again: ${SHARED} has other bytes than it had`)
    expect(dry).toContain('2 packages checked, 2 damaged')
    expect(readFileSync(path('two'))).not.toEqual(good)
    const text = await verify(world)
    expect(text).toContain('debian-12-amd64/one_1_amd64: fetched again\n')
    expect(text).toContain('debian-12-amd64/two_1_amd64: fetched again\n')
    expect([readFileSync(path('one')), readFileSync(path('two'))]).toEqual([good, good])
    expect(statSync(path('one')).ino).toBe(statSync(path('two')).ino)
    expect(await verify(world)).toBe('2 packages checked, 0 damaged, 0 strays\n')
  })

  it('takes the damaged files alone from a package that cannot be had any more', async () => {
    await using world = await worldWithTwo()
    world.repository.remove('pool/two_1_amd64.deb')
    world.repository.publish()
    await world.sync()
    rmSync(inStore(world, 'two_1_amd64', SHARED))
    expect(await verify(world)).toContain(
      `two_1_amd64: gone upstream: files removed, the others kept: ${SHARED} is not there`,
    )
    expect(kept(world)).toEqual(['one_1_amd64', 'two_1_amd64'])
    expect(existsSync(inStore(world, 'two_1_amd64/usr/lib/libtwo.so'))).toBe(true)
    expect(await verify(world)).toBe('2 packages checked, 0 damaged, 0 strays\n')
  })

  it('says when a damaged package cannot be fetched again, and leaves one that a task uses', async () => {
    await using world = await worldWithTwo()
    damage(inStore(world, 'one_1_amd64', SHARED))
    world.server.fault('pool/one_1_amd64.deb', 'missing')
    using uses = new PackageUses(world.database, 60)
    uses.claim(world.row('two').id)
    const text = await verify(world, { exitCode: 1 })
    expect(text).toContain('two_1_amd64: left for now, a running task uses it')
    expect(text).toMatch(/one_1_amd64: not fetched again: .*404/)
    expect(text).toContain('2 packages checked, 2 damaged, 1 of them could not be fetched again')
    expect(kept(world)).toEqual(['two_1_amd64'])
  })

  it('removes what a killed process left, and nothing of one that is at work', async () => {
    await using world = await worldWithTwo()
    const work = (name: string) => join(world.config.repoDir, '.fetch', name)
    mkdirSync(inStore(world, 'nobody_1_amd64'))
    linkSync(inStore(world, 'one_1_amd64', SHARED), inStore(world, 'nobody_1_amd64/libone.so'))
    writeFileSync(inStore(world, 'one_1_amd64/usr/lib/more.so'), 'x')
    mkdirSync(work('77.new'))
    mkdirSync(work('78.gone'))
    mkdirSync(work('79.new'))
    for (const name of [`${'ab'.repeat(32)}.part`, 'what']) writeFileSync(work(name), 'x')
    utimesSync(work('what'), 1, 1)
    mkdirSync(join(world.config.repoDir, 'lost+found'))
    const taken = takeLease(world.database, 'package:79')
    const dry = await verify(world, { dryRun: true })
    expect(dry).toContain('debian-12-amd64/nobody_1_amd64: would be removed')
    expect(existsSync(inStore(world, 'nobody_1_amd64'))).toBe(true)
    const text = await verify(world)
    for (const name of ['debian-12-amd64/nobody_1_amd64', '.fetch/77.new', '.fetch/78.gone', '.fetch/what']) {
      expect(text).toContain(`${name}: removed: it is nobody's`)
      expect(existsSync(join(world.config.repoDir, name))).toBe(false)
    }
    expect(text).toContain('one_1_amd64: files removed: /usr/lib/more.so is not of the package')
    expect(existsSync(work('79.new'))).toBe(true)
    expect(existsSync(join(world.config.repoDir, 'lost+found'))).toBe(true)
    if ('subject' in taken) taken[Symbol.dispose]()
    expect(keptBytes(world.database)).toBe(
      statSync(inStore(world, 'one_1_amd64', SHARED)).size +
        statSync(inStore(world, 'two_1_amd64/usr/lib/libtwo.so')).size,
    )
    expect(await verify(world)).toContain('0 damaged, 1 stray')
  })
})
