/**
 * What the shipped ABRT client asks before it sends anything (docs/http.md, 'For the ABRT client'); each line of that
 * is quoted.
 */
import { Buffer } from 'node:buffer'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packages, release, repository } from '../../../schema/tables.ts'
import { clientReleases } from '../../../src/routes/settings.ts'
import { startServer, type TestServer } from '../../helpers/server.ts'
import { temporaryFolder } from '../../helpers/folder.ts'
import { createTask, scriptedWorker } from '../../helpers/task.ts'

let server: TestServer & Awaited<ReturnType<typeof startServer>>
beforeAll(async () => {
  server = await startServer({ settings: { RETRACE_MAX_RUNNING_TASKS: '3', RETRACE_MAX_QUEUED_TASKS: '2' } })
  addPackage('debian-12-amd64', { name: 'bash', version: '5.2.15-2+b7', architecture: 'amd64' })
  addPackage('debian-12-amd64', { name: 'python3-all', version: '3.11.2-1', architecture: 'all' })
  addPackage('fedora-38-x86_64', { name: 'name', version: '2:1.0-3.fc38', architecture: 'x86_64' })
  addPackage('fedora-38-i386', { name: 'other', version: '1.0-3.fc38', architecture: 'i686' })
})
afterAll(async () => await server[Symbol.asyncDispose]())

function addPackage(id: string, row: { name: string; version: string; architecture: string }): void {
  const { database } = server.program.services
  database.insert(release).values({ name: id }).onConflictDoNothing().run()
  const releaseId = database.select().from(release).all().find(({ name }) => name === id)?.id ?? 0
  database.insert(repository).values({
    releaseId,
    format: id.startsWith('debian') ? 'deb' : 'rpm',
    uri: 'https://example.org/',
    suite: id,
    component: 'main',
    architecture: row.architecture,
    fetch: 'on-demand',
    superseded: 'keep',
    synced: 1,
  }).onConflictDoNothing().run()
  const identity = Buffer.alloc(32, row.name)
  database.insert(packages)
    .values({
      ...row,
      releaseId,
      source: row.name,
      sourceVersion: row.version,
      isDebug: false,
      size: 1,
      identity,
      added: 1,
    })
    .run()
}

/** The six keys, as that client reads them: LF only, one `key value` a line. */
function settingsOf(text: string): Map<string, string> {
  return new Map(
    text.split('\n').filter((line) => line !== '').map((line) => {
      const space = line.indexOf(' ')
      return [line.slice(0, space), line.slice(space + 1)]
    }),
  )
}

describe('GET /settings', () => {
  it("`text/plain`, LF only, one `key value` a line, all six: missing ones read as 'fully occupied'", async () => {
    const reply = await server.client.ask('/settings')
    expect([reply.status, reply.headers['content-type']]).toEqual([200, 'text/plain; charset=utf-8'])
    expect(reply.text).toMatch(/^([a-z_]+ [^\r\n]+\n){6}$/)
    expect([...settingsOf(reply.text).keys()].sort()).toEqual([
      'max_packed_size',
      'max_running_tasks',
      'max_unpacked_size',
      'running_tasks',
      'supported_formats',
      'supported_releases',
    ])
  })

  it('`max_packed_size` and `max_unpacked_size` (MiB), `max_running_tasks` (the sum there)', async () => {
    const settings = settingsOf((await server.client.ask('/settings')).text)
    expect(settings.get('max_packed_size')).toBe('50')
    expect(settings.get('max_unpacked_size')).toBe('500')
    expect(settings.get('running_tasks')).toBe('0')
    expect(settings.get('max_running_tasks')).toBe('5')
  })

  it('`running_tasks` (what counts for the 503)', async () => {
    await using folder = await temporaryFolder()
    await using busy = await startServer({
      workerCommand: scriptedWorker(folder, 'sleep 300'),
      settings: { RETRACE_MAX_RUNNING_TASKS: '1', RETRACE_MAX_QUEUED_TASKS: '1' },
    })
    await createTask(busy)
    await createTask(busy)
    const settings = settingsOf((await busy.client.ask('/settings')).text)
    expect([settings.get('running_tasks'), settings.get('max_running_tasks')]).toEqual(['2', '2'])
  })

  it('`supported_formats` (space-separated content types, at most 16, `application/x-xz-compressed-tar` among them)', async () => {
    const formats = settingsOf((await server.client.ask('/settings')).text).get('supported_formats')?.split(' ') ?? []
    expect(formats).toContain('application/x-xz-compressed-tar')
    expect(formats.length).toBeLessThanOrEqual(16)
    expect(new Set(formats).size).toBe(formats.length)
  })

  it("lists the client's spelling (x86_64, i386, aarch64, ...)", async () => {
    const releases = settingsOf((await server.client.ask('/settings')).text).get('supported_releases')
    expect(releases?.split(' ').sort()).toEqual(['debian-12-x86_64', 'fedora-38-i386', 'fedora-38-x86_64'])
  })

  it('newest releases first if over 32', () => {
    const ids = [...Array(40).keys()].map((n) => `fedora-${n + 1}-x86_64`)
    const mixed = clientReleases([
      ...ids,
      'fedora-rawhide-x86_64',
      'debian-9-arm64',
      'debian-12-arm64',
      'ubuntu-24.04-amd64',
    ])
    const first = mixed.slice(0, 32)
    expect(first).toContain('fedora-rawhide-x86_64')
    expect(first).toContain('fedora-40-x86_64')
    expect(first).toContain('debian-12-aarch64')
    expect(first).toContain('ubuntu-24.04-x86_64')
    expect(first).not.toContain('fedora-1-x86_64')
    expect(mixed.filter((id) => id.startsWith('fedora-')).slice(0, 3))
      .toEqual(['fedora-rawhide-x86_64', 'fedora-40-x86_64', 'fedora-39-x86_64'])
  })
})

describe('GET /checkpackage', () => {
  const ask = (nvr?: string, arch?: string, os?: string) =>
    server.client.ask('/checkpackage', {
      headers: {
        ...(nvr !== undefined && { 'X-Package-NVR': nvr }),
        ...(arch !== undefined && { 'X-Package-Arch': arch }),
        ...(os !== undefined && { 'X-OS-Release': os }),
      },
    })

  it('302 **without** `Location` when the package is known: the newer client follows one', async () => {
    const reply = await ask('name-2:1.0-3.fc38', 'x86_64', 'fedora-38-x86_64')
    expect(reply.status).toBe(302)
    expect(reply.headers.location).toBeUndefined()
    expect(reply.headers['content-length']).toBe('0')
  })

  it.each([
    ['bash-5.2.15-2+b7', 'x86_64', 'debian-12-x86_64'],
    ['bash-5.2.15-2+b7', 'amd64', 'debian-12-amd64'],
    ['python3-all-3.11.2-1', 'noarch', 'debian-12-x86_64'],
    ['other-1.0-3.fc38', 'i686', 'fedora-38-i386'],
  ])('takes both spellings: %s %s %s', async (nvr, arch, os) => {
    expect((await ask(nvr, arch, os)).status).toBe(302)
  })

  it.each([
    ['before the name, as abrt 2.10.6 to 2.14.4 write it', '2:name-1.0-3.fc38', 'x86_64', 'fedora-38-x86_64'],
    ['not at all, as older ones write it', 'name-1.0-3.fc38', 'x86_64', 'fedora-38-x86_64'],
    ['not at all, where it is 0', 'other-1.0-3.fc38', 'i686', 'fedora-38-i386'],
    ['as 0, where there is none', 'other-0:1.0-3.fc38', 'i686', 'fedora-38-i386'],
    ['as 0 before the name', '0:other-1.0-3.fc38', 'i686', 'fedora-38-i386'],
  ])('finds a package whose epoch is written %s', async (_, nvr, arch, os) => {
    expect((await ask(nvr, arch, os)).status).toBe(302)
  })

  it.each([
    ['another epoch before the name', '1:name-1.0-3.fc38', 'x86_64', 'fedora-38-x86_64'],
    ['an epoch of a package without one', '1:other-1.0-3.fc38', 'i686', 'fedora-38-i386'],
    ['two epochs', '2:name-2:1.0-3.fc38', 'x86_64', 'fedora-38-x86_64'],
    ['another version', 'name-2:1.0-4.fc38', 'x86_64', 'fedora-38-x86_64'],
    ['another epoch', 'name-1:1.0-3.fc38', 'x86_64', 'fedora-38-x86_64'],
    ['another release', 'name-2:1.0-3.fc38', 'x86_64', 'fedora-39-x86_64'],
    ['another architecture', 'name-2:1.0-3.fc38', 'aarch64', 'fedora-38-aarch64'],
    ['no release', 'name-2:1.0-3.fc38', 'x86_64', undefined],
    ['no architecture', 'name-2:1.0-3.fc38', undefined, 'fedora-38-x86_64'],
    ['nothing', undefined, undefined, undefined],
    ['nonsense', '%%%', '', "'; DROP TABLE package"],
    ['much', 'x'.repeat(5000), 'x86_64', 'fedora-38-x86_64'],
  ])('404 when not; malformed is 404 too: %s', async (_, nvr, arch, os) => {
    const reply = await ask(nvr, arch, os)
    expect(reply.status).toBe(404)
    expect(Number(reply.headers['content-length'])).toBe(reply.body.length)
  })
})
