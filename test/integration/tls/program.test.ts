/**
 * abrt-retrace-server as an administrator meets it: command line, exit codes, what it says, --check, SIGHUP
 * (docs/settings.md).
 */
import { execFile } from 'node:child_process'
import { copyFileSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { join } from 'node:path'
import { env } from 'node:process'
import { connect } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { SETTINGS, settingsReadBy } from '../../../src/config/settings.ts'
import { installationRoot, version } from '../../../src/program/program.ts'
import { temporaryFolder } from '../../helpers/folder.ts'
import { type ServerChild, serverSettings, startServerChild } from '../../helpers/server.ts'
import { selfSigned } from '../../helpers/certificates.ts'
import { eventually } from '../../helpers/task.ts'

const PROGRAM = join(installationRoot(), 'ops', 'bin', 'abrt-retrace-server')

interface Ended {
  code: number
  stdout: string
  stderr: string
}

async function run(args: string[], settings: Record<string, string> = {}): Promise<Ended> {
  return await new Promise((resolve) => {
    const child = execFile(
      PROGRAM,
      args,
      { env: { PATH: env.PATH, ...settings }, timeout: 20_000, cwd: '/' },
      (_, stdout, stderr) => {
        resolve({ code: child.exitCode ?? -1, stdout, stderr })
      },
    )
  })
}

describe('the command line', () => {
  it('--version prints name and version', async () => {
    expect(await run(['--version'])).toEqual({ code: 0, stdout: `abrt-retrace-server ${version()}\n`, stderr: '' })
  })

  it('--help names every setting of the server and of the worker that it starts', async () => {
    const { code, stdout } = await run(['--help'])
    expect(code).toBe(0)
    const read = settingsReadBy('abrt-retrace-server', 'abrt-retrace-worker')
    for (const [, { name }] of read) expect(stdout).toContain(name)
    expect(stdout).not.toContain(SETTINGS.fetchKbPerS.name)
  })

  it.each([[['--nonsense']], [['--help', 'more']], [['-x']]])('ends with 2 and a sentence for %j', async (args) => {
    const { code, stderr, stdout } = await run(args)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/^abrt-retrace-server: .*--help\n$/)
  })
})

describe('it does not start, says what to do, and ends with 2', () => {
  it.each([
    [
      'without certificate and without a trusted proxy',
      { RETRACE_TLS_CERT: '', RETRACE_TLS_KEY: '' },
      /RETRACE_TLS_CERT.*RETRACE_TRUST_PROXY.*RETRACE_REQUIRE_HTTPS/,
    ],
    ['with a certificate and no key', { RETRACE_TLS_KEY: '' }, /RETRACE_TLS_CERT and RETRACE_TLS_KEY/],
    [
      'with a certificate that is not there',
      { RETRACE_TLS_CERT: '/nowhere/cert.pem' },
      /RETRACE_TLS_CERT \(\/nowhere\/cert.pem\) cannot be read: ENOENT/,
    ],
    ['with a key that is none', { RETRACE_TLS_KEY: '/etc/hostname' }, /has no PEM private key/],
    [
      'with a proxy that is no address',
      { RETRACE_TRUST_PROXY: 'proxy.example.org' },
      /RETRACE_TRUST_PROXY.*proxy.example.org/,
    ],
    ['with a number that is none', { RETRACE_MAX_PACKED_MB: 'many' }, /RETRACE_MAX_PACKED_MB/],
  ])('stops the start of the server with 2 and says what to do: %s', async (_, change, sentence) => {
    await using folder = await temporaryFolder()
    const { code, stderr } = await run([], { ...serverSettings(folder).settings, ...change })
    expect(code).toBe(2)
    expect(stderr).toMatch(sentence)
    expect(stderr).not.toMatch(/^\s+at /m)
  })

  it('stops the start of the server with 2 when others can write to the spool', async () => {
    await using folder = await temporaryFolder()
    mkdirSync(folder.file('spool'))
    const { chmodSync } = await import('node:fs')
    chmodSync(folder.file('spool'), 0o777)
    const { code, stderr } = await run([], serverSettings(folder).settings)
    expect(code).toBe(2)
    expect(stderr).toMatch(/RETRACE_SPOOL_DIR.*chmod 0700/)
  })
})

it('the server does not start beside another one with the same database, and leaves its uploads alone', async () => {
  await using server = await startServerChild()
  const { code, stderr } = await run([], {
    ...serverSettings(server.folder).settings,
    RETRACE_DATABASE: server.config.database,
    RETRACE_SPOOL_DIR: server.config.spoolDir,
  })
  expect(code).toBe(2)
  expect(stderr).toMatch(/Another server runs with this RETRACE_DATABASE/)
})

it('ends with 2 and the reason when the port is taken', async () => {
  await using folder = await temporaryFolder()
  await using server = await startServerChild()
  const { code, stderr } = await run([], { ...serverSettings(folder).settings, RETRACE_PORT: String(server.port) })
  expect(code).toBe(2)
  expect(stderr).toContain('EADDRINUSE')
})

it('makes spool and database for itself alone', async () => {
  await using server = await startServerChild()
  expect((await server.client.ask('/')).status).toBe(200)
  expect(statSync(server.config.spoolDir).mode & 0o777).toBe(0o700)
  expect(statSync(server.folder.file('database')).mode & 0o777).toBe(0o700)
  expect(server.log()).toMatch(/listening on https:\/\/127\.0\.0\.1:[0-9]+$/m)
})

describe('--check', () => {
  const NAMES = ['configuration', 'certificate', 'sandbox', 'gdb', 'qemu', 'space', 'last sync']

  it('prints one line per thing it looked at, and ends with 0', async () => {
    await using folder = await temporaryFolder()
    const { code, stdout } = await run(['--check'], serverSettings(folder).settings)
    for (const name of NAMES) expect(stdout).toMatch(new RegExp(`^(ok  |warn) ${name} `, 'm'))
    expect(code).toBe(0)
  })

  it.each([
    ['certificate', { RETRACE_TLS_CERT: '', RETRACE_TLS_KEY: '' }, /set RETRACE_TLS_CERT/],
    ['space', { RETRACE_MIN_FREE_MB: '1000000000' }, /make room/],
    ['configuration', { RETRACE_PORT: 'x' }, /RETRACE_PORT/],
  ])('ends with 1 and says what to do about: %s', async (name, change, advice) => {
    await using folder = await temporaryFolder()
    const settings: Record<string, string> = { ...serverSettings(folder).settings, ...change }
    const { code, stdout } = await run(['--check'], settings)
    expect(code).toBe(1)
    expect(stdout).toMatch(new RegExp(`^FAIL ${name} .*${advice.source}`, 'm'))
  })
})

it('reads its certificate again at SIGHUP, and keeps it when the new one is broken', async () => {
  await using other = await temporaryFolder()
  selfSigned(other.path)
  await using server = await startServerChild()
  const before = await shownBy(server)
  for (const name of ['cert.pem', 'key.pem']) copyFileSync(other.file(name), server.folder.file(name))
  server.child.kill('SIGHUP')
  await eventually(() => server.log().includes('read the certificate again'))
  const after = await shownBy(server)
  expect(after).not.toBe(before)
  writeFileSync(server.folder.file('key.pem'), 'nonsense')
  server.child.kill('SIGHUP')
  await eventually(() => server.log().includes('stays in use'))
  expect(await shownBy(server)).toBe(after)
})

async function shownBy({ port }: ServerChild): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const { fingerprint256 } = socket.getPeerCertificate()
  socket.destroy()
  return fingerprint256
}
