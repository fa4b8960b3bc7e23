import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { env } from 'node:process'
import { describe, expect, it } from 'vitest'
import { installationRoot } from '../../../src/program/program.ts'
import { makeRpmWorld, type RpmWorld } from './world.ts'

/** Answers come from another program, so nothing may be served by this process: file:// addresses. */
function reposync(world: RpmWorld, args: string[] = []) {
  const program = join(installationRoot(), 'ops/bin/abrt-reposync')
  return spawnSync(program, args, { env: { PATH: env.PATH, ...world.environment }, encoding: 'utf8' })
}

describe('the program abrt-reposync', () => {
  it('says what a .repo file leaves unchecked, at each sync and in --status', async () => {
    await using world = await makeRpmWorld()
    world.repository.add({ name: 'tool', version: '1.0-1.fc40', files: { '/usr/bin/tool': { bytes: 'x' } } })
    world.repository.publish()
    const baseurl = `file://${world.repository.root}/`
    world.configure({ baseurl, gpgcheck: '0', repo_gpgcheck: '0', gpgkey: '' })
    for (const _ of [1, 2]) {
      const synced = reposync(world)
      expect(synced.status, synced.stderr).toBe(0)
      expect(synced.stderr).toContain('[fedora] gpgcheck=0: signatures of its packages are not checked')
    }
    const status = reposync(world, ['--status'])
    expect(status.stdout).toMatch(/^fedora-40-x86_64 +1 /m)
    expect(status.stdout).toContain('\n[fedora] gpgcheck=0: signatures of its packages are not checked\n')
    expect(status.stdout).toContain('\n[fedora] repo_gpgcheck=0: the signature of its index is not checked\n')
    world.configure({ baseurl })
    expect(reposync(world, ['--status']).stdout).not.toContain('gpgcheck')
  })

  it('names file and line of what is wrong in a .repo file', async () => {
    await using world = await makeRpmWorld()
    world.configure({ retrace_release: 'fedora-40-x86_64' })
    const { status, stderr } = reposync(world)
    expect(status).toBe(2)
    expect(stderr).toMatch(/test\.repo:5: retrace_release has no architecture: leave -x86_64 away/)
  })
})
