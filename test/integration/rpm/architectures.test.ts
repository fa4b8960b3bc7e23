/** Several architectures whose addresses are the same: only the variables in what they lead to tell them apart. */
import { cpSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readConfiguration } from '../../../src/packages/configuration.ts'
import { plan } from '../../../workers/reposync/full/plan.ts'
import { makeRpmWorld, type RpmWorld } from './world.ts'
import { saidBy } from '../../helpers/said.ts'

/** alpha for x86_64 and gamma for aarch64, each below a folder of its architecture; that of aarch64 is older. */
async function twoArchitectures(list: (url: string) => string): Promise<RpmWorld> {
  const world = await makeRpmWorld()
  const made = (name: string) => ({ name, version: '1.0-1', files: { [`/usr/bin/${name}`]: { bytes: name } } })
  world.repository.add(made('alpha'))
  world.repository.publish({ date: 1_700_000_000 })
  world.second().add({ ...made('gamma'), architecture: 'aarch64' })
  world.second().publish({ date: 1_600_000_000 })
  cpSync(world.repository.root, world.folder.file('x86_64'), { recursive: true })
  cpSync(world.second().root, world.folder.file('aarch64'), { recursive: true })
  writeFileSync(world.folder.file('list'), list(world.server.url))
  return world
}

const LISTED = { baseurl: '', retrace_architectures: 'x86_64 aarch64' }

describe('a section of several architectures', () => {
  it.each([
    ['a mirrorlist with $basearch in its lines', (world: RpmWorld) => ({ mirrorlist: `${world.server.url}list` })],
    ['a mirrorlist of its own for each', (world: RpmWorld) => ({ mirrorlist: `${world.server.url}$basearch/list` })],
    ['addresses with $basearch', (world: RpmWorld) => ({ baseurl: `${world.server.url}$basearch/` })],
  ])('finds the packages of each where they are: %s', async (_name, options) => {
    await using world = await twoArchitectures((url) => `${url}$basearch/\n`)
    for (const name of ['x86_64', 'aarch64']) {
      writeFileSync(world.folder.file(`${name}/list`), `${world.server.url}${name}/\n`)
    }
    world.configure({ ...LISTED, ...options(world) })
    let codes: number[] = []
    // The second time nothing is refused as older than what the other architecture has.
    const said = await saidBy(async () => codes = [await world.sync(), await world.sync()])
    expect(codes, said).toEqual([0, 0])
    expect(world.known()).toEqual(['alpha 1.0-1 x86_64', 'gamma 1.0-1 aarch64'])
    for (const name of ['alpha', 'gamma']) await world.fetch(world.row(name))
    const asked = world.server.requests.filter((path) => path.endsWith('.rpm'))
    expect(asked).toEqual(['/x86_64/Packages/alpha-1.0-1.x86_64.rpm', '/aarch64/Packages/gamma-1.0-1.aarch64.rpm'])
  })

  it('still refuses what is older of one architecture', async () => {
    await using world = await twoArchitectures((url) => `${url}$basearch/\n`)
    world.configure({ ...LISTED, mirrorlist: `${world.server.url}list` })
    expect(await world.sync()).toBe(0)
    world.second().publish({ date: 1_500_000_000 })
    cpSync(world.second().root, world.folder.file('aarch64'), { recursive: true })
    expect(await saidBy(() => world.sync())).toMatch(/is left as it was: it is of 2017-.* older than the one of 2020-/)
  })

  it('fetches nothing in the background of one that is configured no more', async () => {
    await using world = await twoArchitectures((url) => `${url}$basearch/\n`)
    const options = { ...LISTED, mirrorlist: `${world.server.url}list`, retrace_fetch: 'full' }
    world.configure(options)
    await world.sync()
    const wanted = () => plan(world.database, readConfiguration(world.config.reposD).repositories, { releases: [] })
    const both = wanted().map(({ release }) => release).sort()
    world.configure({ ...options, retrace_architectures: 'x86_64' })
    expect([both, wanted().map(({ release }) => release)]).toEqual([
      ['fedora-40-aarch64', 'fedora-40-x86_64'],
      ['fedora-40-x86_64'],
    ])
  })
})
