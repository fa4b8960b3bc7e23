/** A host that answers no more, in the middle of a sync: each file of it would cost its time limit. */
import { describe, expect, it } from 'vitest'
import { TRANSFER_LIMITS } from '../../../src/packages/transfer/limits.ts'
import { saidBy } from '../../helpers/said.ts'
import { makeWorld } from './world.ts'

describe('a host that dies after it has sent Release', () => {
  it('is asked once for each index of a component, by no other name or form, and for no other component', async () => {
    await using world = await makeWorld()
    for (const architecture of ['amd64', 'arm64']) {
      world.repository.add({ name: 'tool', version: '1', architecture, files: { '/usr/bin/tool': { bytes: 'x' } } })
    }
    world.repository.publish({ byHash: true, hashes: ['SHA256', 'SHA512'] })
    world.configure({ Architectures: 'amd64 arm64' })
    world.server.before = (path) => {
      if (!path.endsWith('InRelease')) world.server.fault(path, 'silent')
    }
    const said = await saidBy(() => world.sync({ limits: { ...TRANSFER_LIMITS, answerMs: 300 } }))
    const asked = world.server.requests.filter((path) => !path.endsWith('InRelease'))
    // Packages and Contents, at the same time.
    expect(asked.map((path) => path.replace(/[0-9a-f]{20,}/, ''))).toHaveLength(2)
    expect(said.match(/did not answer within/g), said).toHaveLength(2)
    expect(said).toMatch(/bookworm main arm64.*left as it was: .*did not answer/)
  })
})
