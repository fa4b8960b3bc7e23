import { describe, expect, it } from 'vitest'
import { newestDate } from '../../../src/packages/index/repositories.ts'
import { unixSeconds } from '../../../src/units/time.ts'
import { saidBy } from '../../helpers/said.ts'
import { makeWorld, type World } from '../packages/world.ts'
import { makeRpmWorld } from '../rpm/world.ts'

const HOUR = 3_600_000
const YEARS = 20 * 365 * 24 * HOUR
const ALPHA = { name: 'alpha', version: '1.0-1', files: { '/usr/bin/alpha': { bytes: 'alpha' } } }
const BETA = { name: 'beta', version: '1.0-1', files: { '/usr/bin/beta': { bytes: 'beta' } } }

function names({ database }: Pick<World, 'database'>): unknown[] {
  return database.$client.prepare('SELECT name FROM package WHERE gone IS NULL ORDER BY name').pluck().all()
}

/** What an earlier version took of a repository whose clock was ahead. */
function takenFromFuture({ database }: Pick<World, 'database'>): void {
  database.$client.prepare('UPDATE repository SET date = ?').run(unixSeconds() + YEARS / 1000)
}

describe('a suite from the future', () => {
  it('is refused, and what comes from the present is taken', async () => {
    await using world = await makeWorld()
    world.repository.add(ALPHA)
    world.repository.publish({ date: new Date(Date.now() + YEARS) })
    expect(await world.sync()).toBe(1)
    expect(names(world)).toEqual([])
    world.repository.publish()
    expect(await world.sync()).toBe(0)
    expect(names(world)).toEqual(['alpha'])
  })

  it('keeps no later one away, when an earlier version has taken it', async () => {
    await using world = await makeWorld()
    world.repository.add(ALPHA)
    world.repository.publish()
    await world.sync()
    takenFromFuture(world)
    world.repository.add(BETA)
    world.repository.publish()
    expect(await world.sync()).toBe(0)
    expect(names(world)).toEqual(['alpha', 'beta'])
  })

  it('is no fault of the clock where Check-Date says no', async () => {
    await using world = await makeWorld()
    world.repository.add(ALPHA)
    world.repository.publish({ date: new Date(Date.now() + YEARS) })
    world.configure({ 'Check-Date': 'no' })
    expect(await world.sync()).toBe(0)
    expect(names(world)).toEqual(['alpha'])
  })

  it('of yum is refused, passed over for another mirror, and keeps no later one away', async () => {
    await using world = await makeRpmWorld()
    const present = unixSeconds() - 10
    world.repository.add({ ...ALPHA, version: '1.0-1.fc40' })
    world.repository.publish({ date: present + YEARS / 1000 })
    expect(await world.sync()).toBe(1)
    expect(world.error()).toBeNull()
    const second = world.second()
    second.add({ ...BETA, version: '1.0-1.fc40' })
    second.publish({ date: present })
    world.configure({ baseurl: `${world.url()} ${world.url(second)}` })
    expect(await world.sync()).toBe(0)
    expect(names(world)).toEqual(['beta'])
    takenFromFuture(world)
    second.publish({ date: present + 5 })
    expect(await world.sync()).toBe(0)
  })
})

describe('--accept-older', () => {
  it('takes an older generation of the release that it names, and of no other', async () => {
    await using world = await makeWorld()
    world.repository.add(ALPHA)
    world.repository.add(BETA)
    world.repository.publish()
    await world.sync()
    world.repository.remove('pool/beta_1.0-1_amd64.deb')
    world.repository.publish({ date: new Date(Date.now() - HOUR) })
    expect(await saidBy(() => world.sync())).toContain('call abrt-reposync --accept-older debian-12')
    expect(await world.sync({ acceptOlder: ['debian-13'] })).toBe(1)
    expect(names(world)).toEqual(['alpha', 'beta'])
    expect(await world.sync({ acceptOlder: ['debian-12'], dryRun: true })).toBe(0)
    expect(await world.sync()).toBe(1)
    expect(await world.sync({ acceptOlder: ['debian-12-amd64'] })).toBe(0)
    expect(names(world)).toEqual(['alpha'])
    expect(await world.sync()).toBe(0)
  })

  it('takes the older one of a yum repository', async () => {
    await using world = await makeRpmWorld()
    const present = unixSeconds() - 10
    world.repository.add({ ...ALPHA, version: '1.0-1.fc40' })
    world.repository.publish({ date: present })
    await world.sync()
    world.repository.publish({ date: present - 3600 })
    expect(await world.sync()).toBe(1)
    expect(world.error()).toContain('--accept-older fedora-40')
    expect(await world.sync({ acceptOlder: ['fedora-40'] })).toBe(0)
    expect(newestDate(world.database, { uri: world.url(), suite: 'fedora' })).toBe(present - 3600)
  })

  it('names a release that nothing feeds', async () => {
    await using world = await makeWorld()
    world.repository.add(ALPHA)
    world.repository.publish()
    await expect(world.sync({ acceptOlder: ['debian-11'] })).rejects.toThrow(
      '--accept-older debian-11: no repository feeds such a release; known are debian-12-amd64',
    )
  })
})
