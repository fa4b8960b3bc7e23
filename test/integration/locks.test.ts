/** One server per spool and per database, whatever they are called, and whatever becomes of the files of their locks. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { env } from 'node:process'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { readConfig } from '../../src/config/config.ts'
import { UsageError } from '../../src/errors/usage_error.ts'
import { takeLocks } from '../../src/spool/server_lock.ts'
import { bin } from '../helpers/run_program.ts'
import { type ServerChild, serverSettings, startServerChild } from '../helpers/server.ts'

const mountWorks = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0

let server: ServerChild
let settings: Record<string, string>
beforeAll(async () => {
  server = await startServerChild()
  settings = serverSettings(server.folder).settings
  const at = (...names: string[]) => server.folder.file(...names)
  for (const name of ['other-spool', 'other-database']) mkdirSync(at(name), { mode: 0o700 })
  symlinkSync(at('spool'), at('linked-spool'))
  symlinkSync(at('database'), at('linked-database'))
  symlinkSync(at('database', 'retrace.db'), at('linked.db'))
  mkdirSync(at('bound'))
}, 60_000)
afterAll(async () => await server?.[Symbol.asyncDispose]())

/** What stops a second server with these settings. */
function second(more: Record<string, string>): string {
  try {
    using _locks = takeLocks(readConfig(['abrt-retrace-server'], { ...settings, ...more }))
    return 'it may start'
  } catch (cause) {
    return cause instanceof UsageError ? cause.message : String(cause)
  }
}

function program(more: Record<string, string>, through: string[] = []): { status: number | null; stderr: string } {
  const [first = '', ...words] = [...through, bin('abrt-retrace-server')]
  return spawnSync(first, words, {
    env: { PATH: env.PATH, HOME: env.HOME, ...settings, ...more },
    encoding: 'utf8',
    timeout: 10_000,
  })
}

const otherSpool = () => ({ RETRACE_SPOOL_DIR: server.folder.file('other-spool') })
const otherDatabase = () => ({ RETRACE_DATABASE: server.folder.file('other-database', 'retrace.db') })
const locks = () => [server.folder.file('spool', 'server.lock'), server.folder.file('database', 'retrace.db.lock')]
const refused = (setting: string) => expect.stringContaining(`Another server runs with this ${setting}`)

describe('a second server is refused', () => {
  it.each([
    ['the same spool', () => otherDatabase(), 'RETRACE_SPOOL_DIR'],
    ['the same database', () => otherSpool(), 'RETRACE_DATABASE'],
    [
      'a link to the spool',
      () => ({ ...otherDatabase(), RETRACE_SPOOL_DIR: server.folder.file('linked-spool') }),
      'RETRACE_SPOOL_DIR',
    ],
    [
      'a link to the folder of the database',
      () => ({ ...otherSpool(), RETRACE_DATABASE: server.folder.file('linked-database', 'retrace.db') }),
      'RETRACE_DATABASE',
    ],
    [
      'a link to the database',
      () => ({ ...otherSpool(), RETRACE_DATABASE: server.folder.file('linked.db') }),
      'RETRACE_DATABASE',
    ],
  ])('with %s', (_, more, setting) => {
    expect(second(more())).toEqual(refused(setting))
  }, 30_000)

  it.runIf(mountWorks)('with a spool that is mounted elsewhere, too', () => {
    const [spool, bound] = [server.folder.file('spool'), server.folder.file('bound')]
    const through = ['unshare', '--mount', 'sh', '-c', `mount --bind ${spool} ${bound} && exec "$@"`, 'sh']
    const { status, stderr } = program({ ...otherDatabase(), RETRACE_SPOOL_DIR: bound }, through)
    expect([status, stderr]).toEqual([2, refused('RETRACE_SPOOL_DIR')])
  }, 30_000)
})

describe('a lock whose file goes under its server', () => {
  beforeEach(async () =>
    await vi.waitFor(() => expect(locks().map((file) => existsSync(file))).toEqual([true, true]), 30_000)
  )

  it.each([
    ['spool', () => otherDatabase(), 'RETRACE_SPOOL_DIR'],
    ['database', () => otherSpool(), 'RETRACE_DATABASE'],
  ])('still keeps a second one out at once: that of the %s', (_, more, setting) => {
    // Until it looks again, the first one makes no file anew.
    server.child.kill('SIGSTOP')
    try {
      for (const file of locks()) rmSync(file)
      expect(second(more())).toEqual(refused(setting))
    } finally {
      server.child.kill('SIGCONT')
    }
  }, 60_000)

  it('is made anew, also where it was moved, and the log says so', async () => {
    for (const file of locks()) renameSync(file, `${file}.away`)
    await vi.waitFor(() => expect(locks().map((file) => existsSync(file))).toEqual([true, true]), 30_000)
    expect(server.log()).toMatch(/server\.lock, the lock of RETRACE_SPOOL_DIR .*was deleted or replaced/)
    expect(server.log()).toMatch(/retrace\.db\.lock, the lock of RETRACE_DATABASE .*was deleted or replaced/)
    for (const file of locks()) rmSync(`${file}.away`)
    expect(second(otherSpool())).toEqual(refused('RETRACE_DATABASE'))
    expect(second(otherDatabase())).toEqual(refused('RETRACE_SPOOL_DIR'))
  }, 60_000)
})
