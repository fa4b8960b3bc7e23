/** What systemd and the programs say to each other, and the units in its own judgement. */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { env } from 'node:process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { installationRoot } from '../../src/program/program.ts'
import { createClient } from '../helpers/client.ts'
import { type Folder, temporaryFolder } from '../helpers/folder.ts'
import { freePort } from '../helpers/free_port.ts'
import { builtFiles, findBuilt, findLacking, found, openedPaths } from '../helpers/opened.ts'
import { serverSettings } from '../helpers/server.ts'
import { eventually } from '../helpers/task.ts'

const ops = join(installationRoot(), 'ops')
const server = join(ops, 'bin', 'abrt-retrace-server')

/** The settings of a server in a folder, as environment. */
function settings(folder: Folder, more: Record<string, string> = {}): Record<string, string> {
  return { PATH: env.PATH ?? '', ...serverSettings(folder).settings, ...more }
}

describe('under systemd the server', () => {
  it('says that it is ready, gives signs of life, and says that it stops', async () => {
    await using folder = await temporaryFolder()
    const socket = folder.file('notify')
    const heard = folder.file('heard')
    // Node cannot receive Unix datagrams.
    const listener = spawn('python3', [
      '-c',
      'import socket,sys\ns=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM)\ns.bind(sys.argv[1])\n' +
      'f=open(sys.argv[2],"a")\nwhile True:\n m,a,_,_=s.recvmsg(4096,4096)\n f.write(m.decode()+"\\n---\\n");f.flush()',
      socket,
      heard,
    ], { stdio: 'inherit' })
    const text = () => existsSync(heard) ? readFileSync(heard, 'utf8') : ''
    await eventually(() => existsSync(socket))
    const child = spawn(server, {
      env: settings(folder, { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '300000' }),
      stdio: ['ignore', 'ignore', 'ignore'],
    })
    try {
      await eventually(() => /READY=1\nSTATUS=listening on https:\/\/127\.0\.0\.1:\d+/.test(text()), 20_000)
      await eventually(() => (text().match(/WATCHDOG=1/g) ?? []).length >= 2)
      child.kill('SIGTERM')
      expect(await once(child, 'exit')).toEqual([0, null])
      await eventually(() => /STOPPING=1/.test(text()))
    } finally {
      child.kill('SIGKILL')
      listener.kill('SIGKILL')
    }
  }, 40_000)

  it('answers on the socket that systemd opened', async () => {
    await using folder = await temporaryFolder()
    const port = await freePort()
    const environment = settings(folder)
    const child = spawn('systemd-socket-activate', [
      ...['-l', `127.0.0.1:${port}`],
      ...Object.entries(environment).flatMap(([name, value]) => ['-E', `${name}=${value}`]),
      server,
    ], { stdio: ['ignore', 'ignore', 'pipe'] })
    let log = ''
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => log += chunk)
    const client = createClient({ ca: readFileSync(folder.file('cert.pem'), 'utf8') })
    client.base = `https://127.0.0.1:${port}`
    try {
      await eventually(() => /Listening on/.test(log))
      expect((await client.ask('/healthz')).text).toBe('ok\n')
      expect(log).toContain(`listening on https://127.0.0.1:${port}`)
    } finally {
      await client.close()
      child.kill('SIGTERM')
      await once(child, 'exit')
    }
  }, 40_000)

  it('refuses several sockets with a sentence', async () => {
    await using folder = await temporaryFolder()
    const start = spawnSync('sh', ['-c', `LISTEN_PID=$$ LISTEN_FDS=2 exec ${server}`], {
      env: settings(folder),
      encoding: 'utf8',
    })
    expect([start.status, start.stderr]).toEqual([
      2,
      'abrt-retrace-server: LISTEN_FDS is 2: expected one socket, for RETRACE_PORT, by socket activation\n',
    ])
  })

  it('begins each line with its priority when its log goes to the journal, and only then', async () => {
    await using folder = await temporaryFolder()
    for (const [stream, pattern] of [['right', /^<6>\d{4}-/], ['other', /^\d{4}-/]] as const) {
      const file = openSync(folder.file(stream), 'a')
      const { dev, ino } = fstatSync(file)
      const name = stream === 'right' ? `${dev}:${ino}` : `${dev}:${ino + 1}`
      const child = spawn(server, {
        env: settings(folder, { JOURNAL_STREAM: name }),
        stdio: ['ignore', 'ignore', file],
      })
      await eventually(() => readFileSync(folder.file(stream), 'utf8').includes('listening on'), 20_000)
      child.kill('SIGTERM')
      await once(child, 'exit')
      closeSync(file)
      const lines = readFileSync(folder.file(stream), 'utf8').trimEnd().split('\n')
      expect(lines.filter((line) => !pattern.test(line))).toEqual([])
    }
  }, 40_000)
})

describe('ops/install', () => {
  let folder: Folder
  let tree: string[]
  const install = (...words: string[]) =>
    execFileSync(join(ops, 'install'), words, {
      env: { PATH: env.PATH, DESTDIR: folder.file('root'), PREFIX: '/usr' },
      encoding: 'utf8',
    })
  const listing = () =>
    readdirSync(folder.file('root'), { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory() && !entry.parentPath.includes('/lib/abrt-retrace'))
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.file('root').length)).sort()

  beforeAll(async () => {
    folder = await temporaryFolder()
    mkdirSync(folder.file('root'))
    install('--cron')
    tree = listing()
  }, 60_000)
  afterAll(async () => await folder[Symbol.asyncDispose]())

  it.each(['077', '027', '777'])('installs what the user of the service can read, under umask %s', async (mask) => {
    await using other = await temporaryFolder()
    const script = `umask ${mask}; exec "$0"`
    const root = other.file('root')
    mkdirSync(root)
    execFileSync('sh', ['-c', script, join(ops, 'install')], {
      env: { PATH: env.PATH, DESTDIR: root, PREFIX: '/usr' },
      stdio: 'pipe',
    })
    const closed = readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isSymbolicLink() && entry.name !== 'abrt-retrace.env')
      .map((entry) => ({ path: join(entry.parentPath, entry.name), needed: entry.isDirectory() ? 0o005 : 0o004 }))
      .filter(({ path, needed }) => (statSync(path).mode & needed) !== needed)
    expect(closed).toEqual([])
  }, 60_000)

  it.each([
    ['PREFIX', 'usr/local'],
    ['PREFIX', '/opt/two words'],
    ['PREFIX', '/opt/a%b'],
    ['PREFIX', '/opt/a|b'],
    ['PREFIX', '/opt/../usr'],
    ['DESTDIR', 'root'],
  ])('refuses %s=%s and installs nothing', (name, value) => {
    const { status, stderr } = spawnSync(join(ops, 'install'), {
      cwd: folder.path,
      env: { PATH: env.PATH, DESTDIR: folder.file('refused'), PREFIX: '/usr', [name]: value },
      encoding: 'utf8',
    })
    expect([status, stderr]).toEqual([1, expect.stringContaining(`${name} is '${value}'`)])
    expect(existsSync(folder.file('refused')) || existsSync(folder.file('root', 'usr', 'usr'))).toBe(false)
  })

  it('installs the server and retrace apart, which together are all of it and share no file', async () => {
    await using other = await temporaryFolder()
    const filesOf = (part: string) => {
      execFileSync(join(ops, 'install'), ['--part', part, '--cron'], {
        env: { PATH: env.PATH, DESTDIR: other.file(part), PREFIX: '/usr' },
        stdio: 'pipe',
      })
      return readdirSync(other.file(part), { recursive: true, withFileTypes: true })
        .filter((entry) => !entry.isDirectory())
        .map((entry) => join(entry.parentPath, entry.name).slice(other.file(part).length))
    }
    const parts = { server: filesOf('server'), client: filesOf('client') }
    expect(parts.server.filter((path) => parts.client.includes(path))).toEqual([])
    const isOutside = (path: string) => !/^\/usr\/lib\/(abrt-)?retrace\//.test(path)
    expect([...parts.server, ...parts.client].filter(isOutside).sort()).toEqual(tree)
    const retrace = other.file('client', 'usr', 'bin', 'retrace')
    expect(execFileSync(retrace, ['--version'], { encoding: 'utf8' })).toMatch(/^retrace \d/)
  }, 60_000)

  it('brings the Node that it is given, and runs the programs with that', async () => {
    await using other = await temporaryFolder()
    const node = other.file('node')
    mkdirSync(join(node, 'bin'), { recursive: true })
    writeFileSync(
      join(node, 'bin', 'node'),
      '#!/bin/sh\nwhile [ "${1#--}" != "$1" ]; do shift; done\necho "this Node: ${1##*/}"\n',
      { mode: 0o755 },
    )
    writeFileSync(join(node, 'LICENSE'), 'its licence')
    const root = other.file('root')
    execFileSync(join(ops, 'install'), ['--node', node], {
      env: { PATH: env.PATH, DESTDIR: root, PREFIX: '/usr' },
      stdio: 'pipe',
    })
    const programs = ['sbin/abrt-retrace-server', 'sbin/abrt-reposync', 'sbin/abrt-retrace-clean', 'bin/retrace']
    const started = (program: string) => execFileSync(join(root, 'usr', program), { encoding: 'utf8' })
    for (const program of programs) expect(started(program)).toBe(`this Node: ${program.split('/')[1]}.js\n`)
    expect(started('bin/abrt-retrace-worker')).toBe('this Node: start.cjs\n')
    expect(readFileSync(join(root, 'usr/lib/abrt-retrace/node/LICENSE'), 'utf8')).toBe('its licence')
  }, 60_000)

  it('puts programs, pages, units and samples where systemd, man and cron look', () => {
    for (
      const path of [
        '/usr/sbin/abrt-retrace-server',
        '/usr/sbin/abrt-reposync',
        '/usr/sbin/abrt-retrace-clean',
        '/usr/bin/abrt-retrace-worker',
        '/usr/share/man/man8/abrt-retrace-server.8',
        '/usr/share/man/man5/abrt-retrace.env.5',
        '/usr/lib/systemd/system/abrt-retrace-server.service',
        '/usr/lib/sysusers.d/abrt-retrace.conf',
        '/usr/lib/tmpfiles.d/abrt-retrace.conf',
        '/etc/cron.d/abrt-retrace',
        '/usr/share/doc/abrt-retrace/docs/http.md',
        '/etc/abrt-retrace/abrt-retrace.env',
      ]
    ) expect(tree).toContain(path)
    expect(readFileSync(folder.file('root', 'etc', 'cron.d', 'abrt-retrace'), 'utf8')).toContain(
      '/usr/sbin/abrt-reposync',
    )
  })

  it('installs programs that run without the sources', () => {
    for (
      const program of [
        'sbin/abrt-retrace-server',
        'sbin/abrt-reposync',
        'sbin/abrt-retrace-clean',
        'bin/abrt-retrace-worker',
      ]
    ) {
      const path = folder.file('root', 'usr', ...program.split('/'))
      expect(execFileSync(path, ['--version'], { encoding: 'utf8' })).toMatch(/^abrt-\S+ \d+\.\d+\.\d+\n$/)
    }
    expect(
      execFileSync(folder.file('root', 'usr', 'lib', 'abrt-retrace', 'ops', 'engine'), ['--help'], {
        encoding: 'utf8',
      }),
    )
      .toMatch(/^usage: ops\/engine/)
    const database = folder.file('trial.db')
    const status = execFileSync(folder.file('root', 'usr', 'sbin', 'abrt-reposync'), ['--status'], {
      env: { PATH: env.PATH, RETRACE_DATABASE: database },
      encoding: 'utf8',
    })
    expect(status).toMatch(/^No release is known yet/)
    expect(existsSync(folder.file('root', 'usr', 'lib', 'abrt-retrace', 'node_modules', 'typescript'))).toBe(false)
  })

  it('installs every file that programs name while they run, and all that was built beside them', () => {
    const home = folder.file('root', 'usr', 'lib', 'abrt-retrace')
    const said = (script: string) => execFileSync('sh', ['-c', script], { encoding: 'utf8' })
    expect(openedPaths()).toEqual(
      expect.arrayContaining(['dist/pages', 'dist/bundle/unpack.js', 'schema/migrations', 'workers/retrace/root']),
    )
    expect(said(findLacking(home))).toBe('')
    expect(found(said(findBuilt(home)))).toEqual(builtFiles())
  })

  it('ops/install installs units that systemd-analyze verifies and finds hardened', () => {
    const units = readdirSync(join(ops, 'systemd')).filter((name) => /\.(service|socket|timer)$/.test(name))
    // The targets that they name are the system's own.
    for (const unit of units) {
      const verified = spawnSync('systemd-analyze', ['verify', '--recursive-errors=no', '--man=no', unit], {
        env: { ...env, SYSTEMD_UNIT_PATH: `${folder.file('root', 'usr', 'lib', 'systemd', 'system')}:` },
        encoding: 'utf8',
      })
      const ours = verified.stderr.split('\n').filter((line) =>
        line.includes('abrt-') && !/is not executable/.test(line)
      )
      expect(ours).toEqual([])
    }
    for (const service of units.filter((name) => name.endsWith('.service'))) {
      const path = folder.file('root', 'usr', 'lib', 'systemd', 'system', service)
      const judged = spawnSync('systemd-analyze', ['security', '--offline=true', path], { encoding: 'utf8' })
      const exposure = Number(/exposure level for \S+: ([\d.]+)/.exec(judged.stdout)?.[1] ?? 10)
      expect([service, exposure <= 3.5]).toEqual([service, true])
    }
  })

  it('ops/install changes nothing when it is done twice, keeps settings that were changed, and goes away whole', () => {
    const file = folder.file('root', 'etc', 'abrt-retrace', 'abrt-retrace.env')
    writeFileSync(file, 'RETRACE_PORT=1\n')
    install('--cron')
    expect(listing()).toEqual(tree)
    install()
    expect(listing()).toEqual(tree.filter((path) => path !== '/etc/cron.d/abrt-retrace'))
    install('--remove')
    expect(listing()).toEqual(['/etc/abrt-retrace/abrt-retrace.env'])
    expect(readFileSync(file, 'utf8')).toBe('RETRACE_PORT=1\n')
  }, 60_000)
})
