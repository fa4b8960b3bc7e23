/** Lists of mirrors beyond one sync: what lags behind is passed over, and the list of yesterday is better than none. */
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fetchPackage } from '../../../src/packages/supply/package.ts'
import { saidBy } from '../../helpers/said.ts'
import { makeWorld } from './world.ts'

const DAY = 86_400_000

describe('a list of mirrors', () => {
  it('leads past one that is older than what is here, and is kept for when it cannot be had', async () => {
    await using world = await makeWorld()
    const { root } = world.repository
    world.repository.add({ name: 'tool', version: '1', files: { '/usr/bin/tool': { bytes: 'x' } } })
    world.repository.publish({ date: new Date(Date.now() - DAY) })
    cpSync(join(root, 'dists'), join(root, 'lagging/dists'), { recursive: true })
    world.repository.publish()
    const list = (text: string) => writeFileSync(join(root, 'list'), text)
    const { url } = world.server
    list(url)
    world.configure({ URIs: `mirror+${url}list` })
    expect(await world.sync()).toBe(0)
    list(`${url}lagging/\tpriority:1\n${url}\tpriority:2\n`)
    const said = await saidBy(async () => expect(await world.sync()).toBe(0))
    expect(said).not.toMatch(/older than|WRN|ERR/)
    expect(world.server.requests).toContain('/lagging/dists/bookworm/InRelease')
    world.server.fault('list', 'missing')
    expect(await saidBy(() => world.sync())).toMatch(/list answered 404; what an earlier sync has left is used/)
    const { config, database } = world
    const signal = AbortSignal.timeout(20_000)
    await fetchPackage(world.row('tool'), { config, database, signal, say: () => undefined })
    expect(world.row('tool').folder).not.toBeNull()
  })
})
