import { readdirSync, rmSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { makeWorld, type World } from '../packages/world.ts'

const TOOL = { name: 'tool', version: '1.0-1', files: { '/usr/bin/tool': { bytes: 'x' } } }
const HOUR = 3_600_000

afterEach(() => void vi.useRealTimers())

async function syncedWorld(
  validators: 'etag' | 'last-modified' | undefined,
  signature: 'inline' | 'detached' = 'inline',
): Promise<World> {
  const world = await makeWorld({ serve: validators === undefined ? {} : { validators } })
  world.repository.add(TOOL)
  world.repository.publish({ signature, date: new Date(Date.now() - HOUR) })
  // Last-Modified has whole seconds: a state of an hour ago, as its date says.
  const dist = join(world.repository.root, 'dists/bookworm')
  for (const name of readdirSync(dist)) utimesSync(join(dist, name), new Date(), new Date(Date.now() - HOUR))
  expect(await world.sync()).toBe(0)
  world.server.requests.length = world.server.answers.length = 0
  return world
}

describe('an unchanged repository', () => {
  it.each(
    [
      ['etag', 'inline', '304 /dists/bookworm/InRelease'],
      ['last-modified', 'inline', '304 /dists/bookworm/InRelease'],
      [undefined, 'inline', '200 /dists/bookworm/InRelease'],
      ['etag', 'detached', '304 /dists/bookworm/Release'],
      [undefined, 'detached', '200 /dists/bookworm/Release'],
    ] as const,
  )('costs one request with %s, its signature %s', async (validators, signature, answer) => {
    await using world = await syncedWorld(validators, signature)
    expect(await world.sync()).toBe(0)
    expect(world.server.answers).toEqual([answer])
    world.repository.add({ ...TOOL, version: '1.0-2' })
    world.repository.publish({ signature })
    expect(await world.sync()).toBe(0)
    expect(world.row('tool', '1.0-2').gone).toBeNull()
  })

  it('judges an unchanged repository anew although the server says 304: by its Valid-Until and the keys that are trusted now', async () => {
    await using world = await makeWorld({ serve: { validators: 'etag' } })
    world.repository.add(TOOL)
    const validUntil = Math.floor(Date.now() / 1000) * 1000 + HOUR
    world.repository.publish({ validUntil: new Date(validUntil) })
    expect(await world.sync()).toBe(0)
    world.server.answers.length = 0
    world.configure({ 'Signed-By': '/usr/share/keyrings/debian-archive-keyring.gpg' })
    expect(await world.sync()).toBe(1)
    expect(world.error()).toMatch(/^No key that .* has signed it/)
    world.configure()
    // It counts to the end of its second.
    vi.useFakeTimers({ now: validUntil + 999, toFake: ['Date'] })
    expect(await world.sync()).toBe(0)
    vi.setSystemTime(validUntil + 1_000)
    expect(await world.sync()).toBe(1)
    expect(world.error()).toContain('was valid until')
    expect(world.server.answers).toEqual(Array(3).fill('304 /dists/bookworm/InRelease'))
  })

  it('reads an unchanged repository whole after its kept file was lost or damaged, and when the database was', async () => {
    await using world = await syncedWorld('etag')
    rmSync(join(world.config.repoDir, '.metadata'), { recursive: true })
    expect(await world.sync()).toBe(0)
    expect(world.server.answers).toEqual(['200 /dists/bookworm/InRelease'])
    world.database.$client.prepare('UPDATE repository SET packages_sha256 = NULL').run()
    world.server.answers.length = 0
    expect(await world.sync()).toBe(0)
    expect(world.server.answers[0]).toBe('304 /dists/bookworm/InRelease')
    expect(world.server.answers.some((answer) => answer.includes('Packages'))).toBe(true)
  })

  it('keeps nothing that no trusted key signed', async () => {
    await using world = await makeWorld({ serve: { validators: 'etag' } })
    world.repository.add(TOOL)
    world.repository.publish({ otherKey: true })
    expect(await world.sync()).toBe(1)
    expect(readdirSync(world.config.repoDir)).toEqual([])
  })
})
