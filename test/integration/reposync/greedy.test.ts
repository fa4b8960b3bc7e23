/** Packages that want more than this machine gives are left out by a full sync, and tried by tasks once a minute. */
import { describe, expect, it } from 'vitest'
import { FORMATS } from '../../../src/packages/formats.ts'
import type { PackageFormat } from '../../../src/packages/format/format.ts'
import { tarMembers } from '../../../src/packages/open/tar_members.ts'
import { Running } from '../../../src/process/start.ts'
import { fetchPackage } from '../../../src/packages/supply/package.ts'
import { fetchFull, type FullServices } from '../../../workers/reposync/full/fetch_full.ts'
import { makeElf } from '../../helpers/made_elf.ts'
import { makeWorld, type World } from '../packages/world.ts'

const GREEDY = 7

/** Real programs open them, and say what one says that has no memory; `opened`: how often. */
function greedyFormats(): { formats: PackageFormat[]; opened: () => number } {
  let times = 0
  const words = ['sh', '-c', `echo 'dpkg-deb: error: Cannot allocate memory' >&2; exit 2`] as const
  const members = () => {
    times++
    return tarMembers(new Running({ title: 'opener', words }, {}))
  }
  return { formats: FORMATS.map((each) => ({ ...each, members })), opened: () => times }
}

async function worldOf(names: string[]): Promise<World> {
  const world = await makeWorld()
  const { debug, debugPath } = makeElf(world.folder.path, 'libone')
  for (const name of names) {
    world.repository.add({ name: `${name}-dbg`, version: '1', files: { [debugPath]: { copy: debug } } })
  }
  world.repository.publish()
  world.configure({ 'X-Retrace-Fetch': 'full' })
  await world.sync()
  return world
}

function full({ config, database }: World, more: Partial<FullServices>): Promise<number> {
  const signal = new AbortController().signal
  const all = { action: 'sync' as const, dryRun: false, releases: [] }
  return fetchFull(all, { config, database, signal, hostWaits: [], ...more })
}

const here = ({ database }: World) =>
  database.$client.prepare('SELECT name FROM package WHERE folder IS NOT NULL ORDER BY name').pluck().all()

describe('packages that want more than this machine gives', () => {
  it('end no full sync, however many come one after the other', async () => {
    const names = Array.from({ length: GREEDY }, (_, at) => `greedy${at}`)
    await using world = await worldOf([...names, 'modest'])
    const { formats, opened } = greedyFormats()
    const deb = FORMATS.find(({ name }) => name === 'deb')
    const mixed = formats.map((each) => ({
      ...each,
      async *members(file: string, signal: AbortSignal) {
        const isModest = file.includes(`/${world.row('modest-dbg').id}.`)
        yield* (isModest ? deb : each)?.members(file, signal) ?? []
      },
    }))
    expect(await full(world, { formats: mixed })).toBe(1)
    expect(opened()).toBe(GREEDY)
    expect(here(world)).toEqual(['modest-dbg'])
  })

  it('end it where this machine lacks something indeed', async () => {
    await using world = await worldOf(Array.from({ length: 14 }, (_, at) => `greedy${at}`))
    const { formats, opened } = greedyFormats()
    let looks = 0
    const lacking = () => Promise.resolve(++looks > 1 ? 'no process can be started' : undefined)
    expect(await full(world, { formats, lacking })).toBe(1)
    expect(looks).toBeGreaterThan(1)
    expect(opened()).toBeLessThan(14)
    expect(here(world)).toEqual([])
  })

  it('are tried by one task, and by the next ones after a minute', async () => {
    await using world = await worldOf(['greedy'])
    const { formats, opened } = greedyFormats()
    const { config, database } = world
    const fetching = () =>
      fetchPackage(world.row('greedy-dbg'), {
        ...{ config, database, formats },
        signal: AbortSignal.timeout(20_000),
        say: () => undefined,
      })
    await expect(fetching()).rejects.toMatchObject({ kind: 'machine' })
    await expect(fetching()).rejects.toThrow(/Cannot allocate memory.*tried before; again in \d+ s/s)
    expect(opened()).toBe(1)
    database.$client.exec('UPDATE fetch_failure SET until = unixepoch()')
    await expect(fetching()).rejects.toMatchObject({ kind: 'machine' })
    expect(opened()).toBe(2)
  })
})
