/** `abrt-retrace-server --init`: from nothing to a server that answers. */
import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { env, geteuid } from 'node:process'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { installationRoot } from '../../src/program/program.ts'
import { type Folder, temporaryFolder } from '../helpers/folder.ts'
import { startServerChild } from '../helpers/server.ts'

const PROGRAM = join(installationRoot(), 'ops/bin/abrt-retrace-server')

let folder: Folder
beforeEach(async () => void (folder = await temporaryFolder()))
afterEach(async () => await folder[Symbol.asyncDispose]())

function settings(): Record<string, string> {
  return {
    RETRACE_PORT: '0',
    RETRACE_HOST: '127.0.0.1',
    RETRACE_MIN_FREE_MB: '0',
    RETRACE_SPOOL_DIR: folder.file('spool'),
    RETRACE_REPO_DIR: folder.file('cache', 'repo'),
    RETRACE_ENGINE_DIR: folder.file('engines'),
    RETRACE_REPOS_D: folder.file('etc', 'repos.d'),
    RETRACE_DATABASE: folder.file('lib', 'retrace.db'),
  }
}

function init(more: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(PROGRAM, ['--init'], {
    env: { PATH: env.PATH, HOME: env.HOME, ...settings(), ...more },
    encoding: 'utf8',
    timeout: 60_000,
  })
  return { status, stdout, stderr }
}

/** The settings of the file, as a shell reads them. */
function inForce(): Record<string, string> {
  const words = ['-c', 'set -a; . "$0"; exec env -0', folder.file('etc', 'abrt-retrace.env')]
  const all = execFileSync('sh', words, { env: { PATH: env.PATH }, encoding: 'utf8' }).split('\0')
  return Object.fromEntries(all.filter((each) => each.startsWith('RETRACE_')).map((each) => each.split(/=(.*)/s)))
}

describe('abrt-retrace-server --init', () => {
  it('makes all that a server needs, and the server starts with the settings that it wrote', async () => {
    const { status, stdout, stderr } = init()
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^Next:\n( {2}\S.*\n){3}$/m)
    expect(inForce()).toEqual({
      ...settings(),
      RETRACE_TLS_CERT: folder.file('etc', 'server.crt'),
      RETRACE_TLS_KEY: folder.file('etc', 'server.key'),
    })
    expect(statSync(folder.file('spool')).mode & 0o777).toBe(0o700)
    expect(statSync(folder.file('etc', 'server.key')).mode & 0o777).toBe(0o600)
    await using server = await startServerChild({ folder, settings: inForce() })
    const ca = readFileSync(folder.file('etc', 'server.crt'), 'utf8')
    expect(ca).not.toBe(server.ca)
    const answer = execFileSync('curl', [
      ...['-sS', '--max-time', '20', '--cacert', folder.file('etc', 'server.crt'), `${server.url}/healthz`],
    ], { encoding: 'utf8' })
    expect(answer).toMatch(/\S/)
  })

  it('changes nothing the second time', () => {
    init()
    const before = readdirSync(folder.path, { recursive: true }).map(String).sort()
    const key = readFileSync(folder.file('etc', 'server.key'), 'utf8')
    const { status, stdout } = init()
    expect(status).toBe(0)
    expect(stdout).not.toMatch(/^(made|completed) /m)
    expect(readdirSync(folder.path, { recursive: true }).map(String).sort()).toEqual(before)
    expect(readFileSync(folder.file('etc', 'server.key'), 'utf8')).toBe(key)
  })

  it('completes a file of settings and keeps what stands in it', () => {
    init()
    const file = folder.file('etc', 'abrt-retrace.env')
    writeFileSync(file, '# mine\nRETRACE_PORT=1234\n#RETRACE_TLS_CERT=/etc/abrt-retrace/server.crt\n')
    expect(init().stdout).toContain(`completed ${file}`)
    expect(readFileSync(file, 'utf8')).toMatch(/^# mine\nRETRACE_PORT=1234\nRETRACE_TLS_CERT=\/\S+\/etc\/server\.crt\n/)
  })

  it('reads the file that it completes, below the environment and above the defaults', () => {
    mkdirSync(folder.file('etc', 'repos.d'), { recursive: true })
    const file = folder.file('etc', 'abrt-retrace.env')
    const text = `RETRACE_SPOOL_DIR="${folder.file('own spool')}"\nRETRACE_TRUST_PROXY=127.0.0.1\nRETRACE_REPO_DIR=${
      folder.file('x')
    }\n`
    writeFileSync(file, text)
    chmodSync(file, 0o600)
    const { status, stdout } = init({ RETRACE_SPOOL_DIR: '' })
    expect(status).toBe(0)
    expect(existsSync(folder.file('own spool'))).toBe(true)
    expect([existsSync(folder.file('x')), existsSync(folder.file('cache', 'repo'))]).toEqual([false, true])
    expect(stdout).toContain(
      `RETRACE_REPO_DIR is ${folder.file('cache', 'repo')} here and ${folder.file('x')} in ${file}, which stays`,
    )
    expect(readdirSync(folder.file('etc'))).not.toContain('server.crt')
    expect(readFileSync(file, 'utf8').startsWith(text)).toBe(true)
    expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  it('completes the file that a link leads to, and keeps the link', () => {
    mkdirSync(folder.file('etc', 'repos.d'), { recursive: true })
    writeFileSync(folder.file('real.env'), '# mine\n')
    symlinkSync('../real.env', folder.file('etc', 'abrt-retrace.env'))
    expect(init().status).toBe(0)
    expect(lstatSync(folder.file('etc', 'abrt-retrace.env')).isSymbolicLink()).toBe(true)
    expect(readFileSync(folder.file('real.env'), 'utf8')).toMatch(/^# mine\nRETRACE_/)
  })

  it('says that it cannot read the file of settings, and changes nothing then', () => {
    mkdirSync(folder.file('etc', 'abrt-retrace.env'), { recursive: true })
    const { status, stderr } = init()
    expect(status).toBe(1)
    expect(stderr).toContain(`${folder.file('etc', 'abrt-retrace.env')} cannot be read (EISDIR): begin as root`)
    expect(readdirSync(folder.path, { recursive: true })).toEqual(['etc', 'etc/abrt-retrace.env'])
  })

  it.each([
    ['a link', 'ELOOP', () => symlinkSync('nowhere', folder.file('etc', '.init.lock'))],
    ['a folder', 'EISDIR', () => mkdirSync(folder.file('etc', '.init.lock'))],
  ])('says what to do about %s in the place of its lock', (_, code, make) => {
    mkdirSync(folder.file('etc'))
    make()
    const { status, stderr } = init()
    expect(status).toBe(1)
    expect(stderr).toContain(
      `/etc/.init.lock cannot be opened (${code}): remove it once no --init runs, and begin again`,
    )
    expect(readdirSync(folder.file('etc'))).toEqual(['.init.lock'])
  })

  it.skipIf(geteuid?.() !== 0)('says what to do about the lock of another user', () => {
    mkdirSync(folder.file('etc'))
    const lock = folder.file('etc', '.init.lock')
    writeFileSync(lock, '', { mode: 0o600 })
    chownSync(lock, 65_534, 65_534)
    // A root who may do no more than others with files of others.
    const words = ['--bounding-set=-all', '--inh-caps=-all', '--', PROGRAM, '--init']
    const { status, stderr } = spawnSync('setpriv', words, {
      env: { PATH: env.PATH, ...settings() },
      encoding: 'utf8',
      timeout: 60_000,
    })
    expect([status, stderr]).toEqual([1, expect.stringContaining(`${lock} cannot be opened (EACCES): remove it once`)])
  })

  it.each([
    ['\uFEFFRETRACE_MIN_FREE_MB=7\n', 'begins with a byte order mark', '0'],
    ['RETRACE_MIN_FREE_MB=7\r\n', 'has lines that end with CR LF', '7'],
    ['export RETRACE_MIN_FREE_MB=7\n', "has 'export' before a setting", '7'],
    ['RETRACE_MIN_FREE_MB = 7\n', 'has blanks beside a =', '0'],
  ])('says of a file with %j that it %s', (text, what, value) => {
    mkdirSync(folder.file('etc'))
    writeFileSync(folder.file('etc', 'abrt-retrace.env'), text)
    const { status, stdout } = init()
    expect([status, stdout]).toEqual([
      0,
      expect.stringContaining(`But ${folder.file('etc', 'abrt-retrace.env')} ${what}`),
    ])
    // What counts for nobody is not in force, and is added.
    const lines = readFileSync(folder.file('etc', 'abrt-retrace.env'), 'utf8').split('\n')
    expect(lines.includes('RETRACE_MIN_FREE_MB=0')).toBe(value === '0')
    expect(lines[0]).toBe(text.split('\n')[0])
  })

  it('takes no path with a line break, which its file could not hold, and says which settings do not go together', () => {
    expect(init({ RETRACE_SPOOL_DIR: folder.file('a\nb') })).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('RETRACE_SPOOL_DIR has a line break in it'),
    })
    expect(readdirSync(folder.path)).toEqual([])
    const shared = init({ RETRACE_SPOOL_DIR: folder.file('cache', 'repo', 'spool') })
    expect(shared.stdout).toMatch(/^But RETRACE_SPOOL_DIR is a folder within RETRACE_REPO_DIR/)
    expect(statSync(folder.file('cache', 'repo', 'spool')).mode & 0o777).toBe(0o700)
  })

  it('gives a spool that holds its own settings the mode of a spool', () => {
    expect(init({ RETRACE_REPOS_D: folder.file('spool', 'repos.d') }).status).toBe(0)
    expect(statSync(folder.file('spool')).mode & 0o777).toBe(0o700)
  })

  it.each([
    ['a file', 'own', () => writeFileSync(folder.file('own'), '')],
    ['a link that leads nowhere', 'own', () => symlinkSync('nowhere', folder.file('own'))],
    ['a file above it', 'own/engines', () => writeFileSync(folder.file('own'), '')],
  ])('names the setting of a folder in whose place there is %s', (_, name, make) => {
    make()
    const place = folder.file(name)
    const { status, stderr } = init({ RETRACE_ENGINE_DIR: place })
    expect(status).toBe(1)
    expect(stderr).toContain(`${place} cannot be made (`)
    expect(stderr).toContain('let RETRACE_ENGINE_DIR name another place')
  })

  it('makes no certificate behind a proxy', () => {
    expect(init({ RETRACE_TRUST_PROXY: '127.0.0.1' }).status).toBe(0)
    expect(readdirSync(folder.file('etc'))).not.toContain('server.crt')
    expect(inForce()).toMatchObject({ RETRACE_TRUST_PROXY: '127.0.0.1' })
  })

  it('says what it cannot decide or make: half a certificate, a file in the way, a setting that makes no sense', () => {
    init()
    execFileSync('rm', [folder.file('etc', 'server.key')])
    const half = init()
    expect([half.status, half.stderr]).toEqual([
      1,
      expect.stringMatching(/server\.crt is there and \S+server\.key is not/),
    ])
    writeFileSync(folder.file('wall'), '')
    const blocked = init({ RETRACE_SPOOL_DIR: folder.file('wall', 'spool') })
    expect([blocked.status, blocked.stderr]).toEqual([1, expect.stringMatching(/not a directory.*wall/)])
    expect(init({ RETRACE_PORT: 'x' })).toMatchObject({ status: 2, stderr: expect.stringMatching(/RETRACE_PORT/) })
  })
})
