import { existsSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { summarizeRepositories } from '../../../src/packages/index/summary.ts'
import { makeWorld, type World } from '../packages/world.ts'

const HOUR = 3_600_000
const LONG_AGO = 1_000_000_000

async function syncedWorld(): Promise<World> {
  const world = await makeWorld()
  world.repository.add({ name: 'tool', version: '1', files: { '/usr/bin/tool': { bytes: 'x' } } })
  world.repository.publish({ date: new Date(Date.now() - HOUR) })
  expect(await world.sync()).toBe(0)
  return world
}

/** As if its last sync had been long ago and had failed. */
function forget({ database }: World): void {
  database.$client.prepare("UPDATE repository SET synced = ?, error = 'it broke'").run(LONG_AGO)
}

describe('a repository that is configured no more', () => {
  it('a repository that is configured no more is no fault of its release, keeps what it gave known, and counts again when it comes back', async () => {
    await using world = await syncedWorld()
    forget(world)
    world.configure({ Enabled: 'no' })
    expect(await world.sync()).toBe(0)
    expect(summarizeRepositories(world.database)).toMatchObject([
      { release: 'debian-12-amd64', repositories: 0, known: 1, gone: 0, synced: LONG_AGO, failing: 0, error: null },
    ])
    world.configure()
    expect(await world.sync()).toBe(0)
    const [summary] = summarizeRepositories(world.database)
    expect(summary).toMatchObject({ repositories: 1, known: 1, failing: 0 })
    expect(summary?.synced).toBeGreaterThan(LONG_AGO)
  })

  it('feeds its old release no more when its suite became the next one', async () => {
    await using world = await syncedWorld()
    forget(world)
    world.repository.publish({ fields: { Version: '13.0' } })
    expect(await world.sync()).toBe(0)
    expect(summarizeRepositories(world.database)).toMatchObject([
      { release: 'debian-12-amd64', repositories: 0, failing: 0, known: 1 },
      { release: 'debian-13-amd64', repositories: 1, failing: 0, known: 1 },
    ])
  })

  it('loses its documents under .metadata when nobody asked for them in a month; what is in use stays', async () => {
    await using world = await syncedWorld()
    const folder = join(world.config.repoDir, '.metadata')
    const used = readdirSync(folder)
    expect(used.length).toBe(2)
    for (const name of ['0123', '0123.json', '4567.99.new']) writeFileSync(join(folder, name), '{}')
    for (const name of readdirSync(folder)) utimesSync(join(folder, name), LONG_AGO, LONG_AGO)
    expect(await world.sync()).toBe(0)
    expect(readdirSync(folder)).toEqual(used)
    for (const name of used) expect(existsSync(join(folder, name))).toBe(true)
  })
})
