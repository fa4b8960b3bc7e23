import { readFileSync, statSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { noteSuperseded, overdue } from '../../../src/packages/keep/superseded.ts'
import { makeRpmWorld } from './world.ts'

const WEEK_S = 7 * 86_400

describe('keeping a package', () => {
  it.each(['w1.zstdio', 'w1.xzdio', 'w1.gzdio'])(
    'opens a payload of %s, with members of mode 000 and hard links',
    async (payload) => {
      await using world = await makeRpmWorld()
      world.repository.add({
        name: 'odd',
        version: '1.0-1.fc40',
        payload,
        files: {
          '/usr/bin/one': { copy: '/bin/true' },
          '/usr/bin/two': { link: '/usr/bin/one' },
          '/usr/bin/secret': { copy: '/bin/false' },
          '/usr/lib64/link.so.1': { symlink: '../bin/one' },
          '/usr/share/doc/odd/readme': { bytes: 'nobody loads it' },
          '/usr/share/gdb/auto-load/usr/lib64/odd-gdb.py': { bytes: 'import gdb\n' },
        },
        attributes: { '/usr/bin/secret': '%attr(0000,root,root)' },
      })
      world.repository.publish()
      await world.sync()
      await world.fetch(world.row('odd'))
      const rows = world.database.$client.prepare('SELECT role, path FROM package_file ORDER BY path').all() as {
        role: string
        path: string
      }[]
      expect(rows.filter(({ path }) => !path.includes('/.build-id/')).map(({ role, path }) => `${role} ${path}`))
        .toEqual([
          'code /usr/bin/one',
          'code /usr/bin/secret',
          'code /usr/bin/two',
          'link /usr/lib64/link.so.1',
          'script /usr/share/gdb/auto-load/usr/lib64/odd-gdb.py',
        ])
      const file = (path: string) => world.folder.file(`repo/fedora-40-x86_64/odd-1.0-1.fc40.x86_64${path}`)
      expect(readFileSync(file('/usr/bin/two'))).toEqual(readFileSync('/bin/true'))
      expect(readFileSync(file('/usr/lib64/link.so.1'))).toEqual(readFileSync('/bin/true'))
      expect(readFileSync(file('/usr/bin/secret'))).toEqual(readFileSync('/bin/false'))
      expect(statSync(file('/usr/bin/secret')).mode & 0o444).toBe(0o444)
    },
  )
})

describe("Rawhide's week", () => {
  it('begins when a newer version stands beside one, in the order that rpm has', async () => {
    await using world = await makeRpmWorld()
    world.configure({ retrace_release: 'fedora-rawhide', retrace_superseded: 'one-week' })
    // In Debian's order 1.0^1 would be older than 1.0, and 1.05 older than 1.5.
    for (const version of ['1.0-1.fc42', '1.0^1-1.fc42']) {
      world.repository.add({ name: 'tool', version, files: { '/usr/bin/tool': { copy: '/bin/true' } } })
    }
    world.repository.publish()
    await world.sync()
    const old = world.row('tool', '1.0-1.fc42')
    const newer = world.row('tool', '1.0^1-1.fc42')
    await world.fetch(old)
    await world.fetch(newer)
    const now = Math.floor(Date.now() / 1000)
    noteSuperseded(world.database, now)
    expect(overdue(world.database, now + WEEK_S - 100)).toEqual([])
    expect(overdue(world.database, now + WEEK_S + 100).map(({ id }) => id)).toEqual([old.id])
  })
})
