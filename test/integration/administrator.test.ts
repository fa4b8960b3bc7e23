/** What an administrator meets: each fault, and what the programs say of it before, at and after the start. */
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { env } from 'node:process'
import { describe, expect, it } from 'vitest'
import { openDatabase } from '../../src/database/database.ts'
import { installationRoot } from '../../src/program/program.ts'
import { type Folder, temporaryFolder } from '../helpers/folder.ts'
import { designMembers, tarOf } from '../helpers/archives.ts'
import { bin, run } from '../helpers/run_program.ts'
import { serverSettings, startServer, type TestServer } from '../helpers/server.ts'

describe('a server that cannot start', () => {
  it.each<[string, (folder: Folder) => Record<string, string>, RegExp]>([
    [
      'an address that does not resolve',
      () => ({ RETRACE_HOST: 'no.such.host.invalid' }),
      /RETRACE_HOST is no\.such\.host\.invalid, a name for which no address/,
    ],
    [
      'an address of another machine',
      () => ({ RETRACE_HOST: '192.0.2.1' }),
      /RETRACE_HOST is 192\.0\.2\.1, which is no address of this machine \(EADDRNOTAVAIL\)/,
    ],
    [
      'a database that is a folder',
      (folder) => ({ RETRACE_DATABASE: folder.path }),
      /RETRACE_DATABASE \(.*\) cannot be opened: it is a folder/,
    ],
    [
      'a database in a place where no folder can be made',
      () => ({ RETRACE_DATABASE: '/proc/no/such/retrace.db' }),
      /RETRACE_DATABASE \(.*\) cannot be opened: ENOENT/,
    ],
    [
      'a database below a file',
      (folder) => {
        writeFileSync(folder.file('plain'), '')
        return { RETRACE_DATABASE: folder.file('plain', 'retrace.db') }
      },
      /RETRACE_DATABASE \(.*\) cannot be opened: ENOTDIR/,
    ],
    [
      'a spool in a place where no folder can be made',
      () => ({ RETRACE_SPOOL_DIR: '/proc/no/such' }),
      /RETRACE_SPOOL_DIR \(.*\) cannot be made: ENOENT/,
    ],
  ])('names the setting and ends with 2: %s', async (_, settings, said) => {
    await using folder = await temporaryFolder()
    const { status, text } = run(folder, settings(folder), ['abrt-retrace-server'])
    expect(text).toMatch(said)
    expect(status).toBe(2)
  }, 60_000)

  it('names the setting of a port that is taken', async () => {
    await using folder = await temporaryFolder()
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    // A child that is waited for would keep this process from answering, and it has nothing to answer.
    const { status, text } = run(folder, { RETRACE_PORT: String(port) }, ['abrt-retrace-server'])
    server.close()
    expect(text).toMatch(`RETRACE_PORT is ${port}, which another program listens on already`)
    expect(status).toBe(2)
  }, 60_000)
})

describe('two servers', () => {
  it('do not share a spool, whatever their databases are', async () => {
    await using first = await startServer()
    const settings = { RETRACE_SPOOL_DIR: first.config.spoolDir }
    await expect(startServer({ settings })).rejects.toThrow(/Another server runs with this RETRACE_SPOOL_DIR/)
  })
})

describe('a server whose folders go away', () => {
  const upload = {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-tar', 'Prefer': 'respond-async' },
    body: tarOf(designMembers()),
  }

  it.each<[string, (server: TestServer) => string, RegExp]>([
    ['database is deleted', ({ config }) => config.database, /FAIL database: RETRACE_DATABASE was deleted or moved/],
    [
      'spool is moved',
      ({ config }) => config.spoolDir,
      /FAIL spool: RETRACE_SPOOL_DIR cannot be written to \(ENOENT\)/,
    ],
  ])('says which setting, and answers 503: its %s', async (_, pathOf, said) => {
    await using server = await startServer()
    const path = pathOf(server)
    renameSync(path, `${path}.away`)
    const refused = await server.client.ask('/create', upload)
    expect([refused.status, refused.text]).toEqual([
      503,
      expect.stringMatching(/\(RETRACE_[A-Z_]+\) was deleted or moved/),
    ])
    expect(refused.text).not.toContain(server.folder.path)
    expect((await server.client.ask('/readyz')).text).toMatch(said)
    renameSync(`${path}.away`, path)
    expect((await server.client.ask('/create', upload)).status).toBe(201)
  })

  it('is not ready while a file is in the place of its store', async () => {
    await using server = await startServer()
    rmSync(server.config.repoDir, { recursive: true })
    writeFileSync(server.config.repoDir, '')
    expect((await server.client.ask('/readyz')).text).toMatch(/^FAIL store: RETRACE_REPO_DIR is not a directory$/m)
  })
})

describe('programs that look', () => {
  const LOOKS = [
    ['abrt-reposync', '--status'],
    ['abrt-reposync', '--dry-run'],
    ['abrt-reposync', '--verify'],
    ['abrt-reposync', '--verify', '--dry-run'],
    ['abrt-retrace-server', '--check'],
  ]

  it.each(LOOKS)('make no database: %s %s', async (...words) => {
    await using folder = await temporaryFolder()
    run(folder, {}, words)
    expect(existsSync(folder.file('database'))).toBe(false)
  }, 60_000)

  it.each([...LOOKS, ['abrt-retrace-clean']])('refuse a database of a newer version: %s %s', async (...words) => {
    await using folder = await temporaryFolder()
    changed(folder, `INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('future', 9e15)`)
    mkdirSync(folder.file('spool'), { mode: 0o700 })
    const { status, text } = run(folder, {}, words)
    expect(text).toMatch(/was made by a newer version than this one/)
    expect(status).not.toBe(0)
  }, 60_000)

  it.each(['newer', 'older'])('delete nothing beside a database of a %s version: abrt-retrace-clean', async (age) => {
    await using folder = await temporaryFolder()
    changed(
      folder,
      age === 'newer'
        ? `INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('future', 9e15)`
        : 'DELETE FROM __drizzle_migrations WHERE created_at = (SELECT max(created_at) FROM __drizzle_migrations)',
    )
    mkdirSync(folder.file('spool', '7'), { recursive: true, mode: 0o700 })
    for (const name of ['password', 'retrace-log']) writeFileSync(folder.file('spool', '7', name), 'x')
    writeFileSync(folder.file('spool', '7', 'created'), '2020-01-01T00:00:00.000Z\n')
    for (const words of [[], ['7']]) {
      const { status, text } = run(folder, {}, ['abrt-retrace-clean', ...words])
      expect([status, text]).toEqual([2, expect.stringMatching(/was made by an? (newer|older) version/)])
    }
    expect(existsSync(folder.file('spool', '7', 'password'))).toBe(true)
  }, 60_000)

  it.each(LOOKS)('migrate no database of an older version: %s %s', async (...words) => {
    await using folder = await temporaryFolder()
    const last = 'SELECT max(created_at) FROM __drizzle_migrations'
    changed(folder, `DELETE FROM __drizzle_migrations WHERE created_at = (${last}) AND created_at > 1`)
    const before = migrations(folder)
    const { text } = run(folder, {}, words)
    expect(text).toMatch(/of an older version|by an older version/)
    expect(migrations(folder)).toEqual(before)
  }, 60_000)

  it.each([['--status'], ['--dry-run']])('end, where no folder can be made: %s', async (word) => {
    await using folder = await temporaryFolder()
    expect(run(folder, { RETRACE_DATABASE: '/proc/no/retrace.db' }, ['abrt-reposync', word]).status).toBe(0)
  }, 60_000)
})

describe('--check of what is not there yet', () => {
  const SETTINGS = ['RETRACE_SPOOL_DIR', 'RETRACE_DATABASE', 'RETRACE_REPO_DIR']
  const said = (name: string) => new RegExp(`^FAIL [a-z]+ +${name} cannot be made: .*`, 'm')

  it.each(SETTINGS)('fails where %s cannot be made by anybody', async (name) => {
    await using folder = await temporaryFolder()
    writeFileSync(folder.file('plain'), '')
    for (const path of ['/proc/no/such', '/sys/such', folder.file('plain', 'such')]) {
      expect(run(folder, { [name]: path }, ['abrt-retrace-server', '--check']).text).toMatch(said(name))
    }
  }, 60_000)

  it.each(SETTINGS)('fails where %s cannot be made by this user', async (name) => {
    await using folder = await temporaryFolder()
    chmodSync(folder.path, 0o755)
    const words = ['--reuid=65534', '--regid=65534', '--clear-groups', '--', bin('abrt-retrace-server'), '--check']
    const { stdout } = spawnSync('setpriv', words, {
      env: { PATH: env.PATH, ...serverSettings(folder).settings, [name]: folder.file('no', 'such') },
      encoding: 'utf8',
    })
    expect(stdout).toMatch(said(name))
    expect(stdout).toMatch(/cannot be written to \(EACCES\)/)
  }, 60_000)
})

describe('what does not go together, or is wide open', () => {
  const CASES: [string, Record<string, string>, RegExp][] = [
    ['an upload larger than what it unpacks to', { RETRACE_MAX_PACKED_MB: '501' }, /RETRACE_MAX_PACKED_MB is 501/],
    ['a task larger than the machine', { RETRACE_TASK_MEMORY_MB: '1048576' }, /RETRACE_TASK_MEMORY_MB is 1048576/],
    ['everybody is a trusted proxy', { RETRACE_TRUST_PROXY: '0.0.0.0/0' }, /RETRACE_TRUST_PROXY trusts everybody/],
    ['everybody, in two halves', { RETRACE_TRUST_PROXY: '::/1,8000::/1' }, /RETRACE_TRUST_PROXY trusts everybody/],
  ]
  it.each(CASES)('is warned of by --check and at the start: %s', async (_, settings, said) => {
    await using folder = await temporaryFolder()
    expect(run(folder, settings, ['abrt-retrace-server', '--check']).text).toMatch(said)
    const started = run(folder, { ...settings, RETRACE_HOST: '192.0.2.1' }, ['abrt-retrace-server'])
    expect(started.text).toMatch(said)
  }, 60_000)
})

/** Listens on a port of loopback until it is killed. */
const HOLD = `import socket, sys, time
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(('127.0.0.1', int(sys.argv[1]))); s.listen(); print('listening', flush=True); time.sleep(600)`

describe('--check of address and proxy', () => {
  it.each<[string, Record<string, string>, RegExp]>([
    ['of another machine', { RETRACE_HOST: '192.0.2.1' }, /^FAIL address +RETRACE_HOST is 192\.0\.2\.1/m],
    ['that does not resolve', { RETRACE_HOST: 'no.such.host.invalid' }, /^FAIL address +RETRACE_HOST is no\.such/m],
    ['that is free', { RETRACE_HOST: '127.0.0.1' }, /^ok +address +RETRACE_HOST is 127\.0\.0\.1/m],
    [
      'that no trusted proxy can reach',
      { RETRACE_HOST: '127.0.0.1', RETRACE_TRUST_PROXY: '192.0.2.7', RETRACE_TLS_CERT: '', RETRACE_TLS_KEY: '' },
      /^FAIL proxy +RETRACE_TRUST_PROXY is 192\.0\.2\.7/m,
    ],
    [
      'that a trusted proxy can reach',
      { RETRACE_HOST: '127.0.0.1', RETRACE_TRUST_PROXY: '::ffff:127.0.0.1', RETRACE_TLS_CERT: '', RETRACE_TLS_KEY: '' },
      /^ok +proxy /m,
    ],
  ])('judges an address %s', async (_, settings, said) => {
    await using folder = await temporaryFolder()
    expect(run(folder, settings, ['abrt-retrace-server', '--check']).text).toMatch(said)
  }, 60_000)

  it('fails for a port that another program has, and not for that of the server that runs', async () => {
    await using folder = await temporaryFolder()
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const taken = { RETRACE_PORT: String((other.address() as { port: number }).port), RETRACE_HOST: '127.0.0.1' }
    expect(run(folder, taken, ['abrt-retrace-server', '--check']).text).toMatch(
      /^FAIL address +RETRACE_PORT is \d+, which/m,
    )
    other.close()
    await using server = await startServer({ settings: { RETRACE_HOST: '127.0.0.1' } })
    const own = { RETRACE_SPOOL_DIR: server.config.spoolDir, RETRACE_DATABASE: server.config.database }
    const settings = { ...own, RETRACE_HOST: '127.0.0.1', RETRACE_PORT: new URL(server.url).port }
    expect(run(folder, settings, ['abrt-retrace-server', '--check']).text).toMatch(
      /^ok +address .* where the server that runs with these settings listens/m,
    )
    // The port of another program does not become the server's by a server that runs elsewhere.
    const another = createServer().listen(0, '127.0.0.1')
    await once(another, 'listening')
    const { port } = another.address() as { port: number }
    const wrong = { ...own, RETRACE_HOST: '127.0.0.1', RETRACE_PORT: String(port), RETRACE_METRICS_PORT: String(port) }
    // This process is the server, too, so that the other program has to be one.
    const holder = spawn('python3', ['-c', HOLD, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] })
    another.close()
    await once(holder.stdout, 'data')
    const { text } = run(folder, wrong, ['abrt-retrace-server', '--check'])
    holder.kill('SIGKILL')
    expect(text).toMatch(/^FAIL address +RETRACE_PORT is \d+, which another program .*does not listen there/m)
    expect(text).toMatch(/^FAIL metrics +RETRACE_METRICS_PORT is \d+, as RETRACE_PORT is/m)
  }, 60_000)
})

describe('a spool that others can write to', () => {
  it.each<[string, number, string[], RegExp]>([
    ['is to be closed', 0o770, ['7', 'server.lock'], /run chmod 0700 on it/],
    ['is left alone where everybody may: it is another /tmp', 0o1777, [], /set RETRACE_SPOOL_DIR to one of its own/],
    ['is left alone where others keep things', 0o770, ['letters'], /set RETRACE_SPOOL_DIR to one of its own/],
  ])('%s', async (_, mode, names, said) => {
    await using folder = await temporaryFolder()
    mkdirSync(folder.file('spool'))
    for (const name of names) mkdirSync(folder.file('spool', name))
    chmodSync(folder.file('spool'), mode)
    for (const words of [['--check'], []]) {
      const { status, text } = run(folder, {}, ['abrt-retrace-server', ...words])
      expect([status, text]).toEqual([words.length === 0 ? 2 : 1, expect.stringMatching(said)])
    }
  }, 60_000)
})

function changed(folder: Folder, sql: string): void {
  const database = openDatabase(folder.file('database', 'retrace.db'), { migrate: true })
  database.$client.exec(sql)
  database.$client.close()
}

function migrations(folder: Folder): unknown[] {
  const database = openDatabase(folder.file('database', 'retrace.db'))
  const rows = database.$client.prepare('SELECT * FROM __drizzle_migrations').all()
  database.$client.close()
  return rows
}

describe('what administrators type', () => {
  const PROGRAMS = ['abrt-retrace-server', 'abrt-retrace-worker', 'abrt-reposync', 'abrt-retrace-clean']
  const SCRIPTS = ['engine', 'install', 'setup', 'demo', 'test']

  it.each(PROGRAMS)('%s knows -h', async (program) => {
    await using folder = await temporaryFolder()
    expect(run(folder, {}, [program, '-h'])).toMatchObject({ status: 0, text: expect.stringMatching(/^Usage: /) })
  })

  it.each(SCRIPTS)('ops/%s knows -h', (name) => {
    const { status, stdout } = spawnSync(join(installationRoot(), 'ops', name), ['-h'], { encoding: 'utf8' })
    expect([status, stdout.toLowerCase()]).toEqual([0, expect.stringContaining(`ops/${name}`)])
  })

  it.each([
    ['abrt-retrace-server', ['--check', '--'], /^ok +configuration/m],
    ['abrt-retrace-worker', ['--', '-d'], /\/-d is no directory/],
    ['abrt-reposync', ['--status', '--'], /^No release is known yet/],
    ['abrt-retrace-clean', ['--list', '--'], /^There are no tasks/],
  ])("%s takes '--' as the end of its options", async (program, words, said) => {
    await using folder = await temporaryFolder()
    for (const name of ['spool', 'repos.d']) mkdirSync(folder.file(name), { recursive: true, mode: 0o700 })
    const { text } = run(folder, {}, [program, ...words])
    expect(text).toMatch(said)
    expect(text).not.toContain("'--'")
  }, 60_000)

  it('a misspelt setting and a category that is none are said by --check and at the start', async () => {
    await using folder = await temporaryFolder()
    const wrong = { RETRACE_PROT: '1', RETRACE_LOG_LEVEL: 'info,htpp=debug' }
    const said = [/There is no setting RETRACE_PROT/, /RETRACE_LOG_LEVEL names htpp, which is no category/]
    const checked = run(folder, wrong, ['abrt-retrace-server', '--check']).text
    const started = run(folder, { ...wrong, RETRACE_HOST: '192.0.2.1' }, ['abrt-retrace-server']).text
    for (const text of [checked, started]) for (const one of said) expect(text).toMatch(one)
  }, 60_000)

  it.each(['/create', '/', '/core.xz', '/create/core'])(
    'PUT, as curl -T sends it, is told what to use, wherever curl puts the name of its file: %s',
    async (path) => {
      await using server = await startServer()
      const { status, text } = await server.client.ask(path, { method: 'PUT', body: 'x' })
      expect([status, text]).toEqual([405, expect.stringContaining('curl --data-binary @FILE')])
    },
  )
})
