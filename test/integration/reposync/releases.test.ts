import { cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { signSuite } from '../../helpers/deb_suite.ts'
import { saidBy } from '../../helpers/said.ts'
import { makeWorld, type World } from '../packages/world.ts'

/** Publishes the package of the world as another suite, with a head of its own. */
function publishAs(world: World, suite: string, head: Record<string, string>): void {
  const { repository } = world
  const lines = Object.entries(head).map(([field, value]) => `${field}: ${value}\n`).join('')
  repository.publish({ release: (text) => lines + text.slice(text.indexOf('Date:')) })
  const dists = join(repository.root, 'dists')
  if (suite === repository.suite) return
  mkdirSync(join(dists, suite), { recursive: true })
  cpSync(join(dists, repository.suite), join(dists, suite), { recursive: true })
  signSuite(join(dists, suite), repository.key, {})
}

function fed({ database }: World): unknown[] {
  return database.$client.prepare(
    "SELECT y.suite || ' ' || r.name FROM repository y JOIN release r ON r.id = y.release_id ORDER BY 1",
  ).pluck().all()
}

async function worldWithAlpha(): Promise<World> {
  const world = await makeWorld()
  world.repository.add({ name: 'alpha', version: '1.0-1', files: { '/usr/bin/alpha': { bytes: 'alpha' } } })
  return world
}

describe('the release that a suite feeds', () => {
  it('is told by another suite of its origin, whichever of them comes first', async () => {
    await using world = await worldWithAlpha()
    publishAs(world, 'runner-updates', { Origin: 'Acme', Codename: 'runner-updates' })
    const updates = join(world.repository.root, 'dists/runner-updates')
    cpSync(updates, world.folder.file('updates'), { recursive: true })
    publishAs(world, 'runner', { Origin: 'Acme', Version: '3.1', Codename: 'runner' })
    cpSync(world.folder.file('updates'), updates, { recursive: true })
    world.configure({ Suites: 'runner-updates runner' })
    expect(await world.sync()).toBe(0)
    expect(fed(world)).toEqual(['runner acme-3-amd64', 'runner-updates acme-3-amd64'])
    world.server.fault('runner/InRelease', 'error')
    expect(await world.sync()).toBe(1)
    expect(fed(world)).toEqual(['runner acme-3-amd64', 'runner-updates acme-3-amd64'])
  })

  it('has Debian words for architectures, and is said with the line to add where no core is called so', async () => {
    await using world = await worldWithAlpha()
    world.configure({ Suites: 'stable' })
    publishAs(world, 'stable', { Origin: 'Acme', Suite: 'stable', Codename: 'stable' })
    expect(await saidBy(() => world.sync())).toMatch(
      /WRN .*stable of .*: it feeds acme-stable, by which no core .* the line X-Retrace-Release: debian-12 \(.*sources:1\)/,
    )
    expect(fed(world)).toContain('stable acme-stable-amd64')
    world.configure({ Suites: 'stable', 'X-Retrace-Release': 'debian-12' })
    expect(await saidBy(() => world.sync())).not.toContain('WRN')
    expect(fed(world)).toContain('stable debian-12-amd64')
  })

  it('is refused with what there is when nothing says it', async () => {
    await using world = await worldWithAlpha()
    publishAs(world, 'other', { Label: 'Mine' })
    world.configure({ Suites: 'other' })
    expect(await saidBy(() => world.sync())).toContain('add a line like X-Retrace-Release: debian-12')
  })
})
