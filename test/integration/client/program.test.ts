/** `retrace` in all the ways in which it is started, on a terminal, through a proxy, and with programs of the machine. */
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { installationRoot, version } from '../../../src/program/program.ts'
import { crashPython, run } from '../../helpers/cores.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { startProxy } from '../../helpers/proxy_server.ts'
import { builtProgram, retrace } from '../../helpers/retrace_client.ts'
import { startServer, type TestServer } from '../../helpers/server.ts'
import { scriptedWorker, SUCCEED } from '../../helpers/task.ts'

let folder: Folder
let server: TestServer
let core: string
let to: string[]

beforeAll(async () => {
  folder = await temporaryFolder()
  core = crashPython(folder.path)
  server = await startServer({
    workerCommand: scriptedWorker(folder, SUCCEED),
    settings: { RETRACE_HOST: '::', RETRACE_MAX_TASKS_PER_CLIENT: '100' },
  })
  writeFileSync(folder.file('ca.pem'), server.ca)
  to = ['--server', `https://localhost:${server.port}`, '--ca', folder.file('ca.pem')]
}, 120_000)
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

function home(name: string): string {
  mkdirSync(folder.file(name))
  return folder.file(name)
}

function tasks(): number {
  return readdirSync(server.config.spoolDir).filter((name) => /^[0-9]+$/.test(name)).length
}

/** On a terminal of its own (script(1)); standard output and error are one there. */
const onTerminal = (words: readonly string[]) => [
  'script',
  '--quiet',
  '--return',
  '--echo',
  'never',
  '--command',
  words.map((word) => `'${word}'`).join(' '),
  '/dev/null',
]

describe('the ways to start it', () => {
  it('are Node, Deno, and the package that npm makes of it, installed', async () => {
    const installed = folder.file('installed')
    mkdirSync(installed)
    const packed = run('npm', [
      'pack',
      '--silent',
      '--pack-destination',
      installed,
      join(installationRoot(), 'dist/client'),
    ])
    expect(packed.stdout.toString().trim()).toBe(`abrt-retrace-client-${version()}.tgz`)
    run('tar', ['-xf', join(installed, `abrt-retrace-client-${version()}.tgz`), '-C', installed])
    const ways = {
      node: builtProgram(),
      deno: [join(installationRoot(), 'node_modules/.bin/deno'), 'run', '-A', '--no-lock', builtProgram()[1] ?? ''],
      package: [join(installed, 'package/retrace.js')],
    }
    for (const [name, program] of Object.entries(ways)) {
      const person = home(name)
      const sent = await retrace(person, [...to, '--yes', core], { program })
      expect([name, sent.code, sent.stdout]).toEqual([name, 0, expect.stringContaining('"version":1')])
      expect(await retrace(person, ['list'], { program })).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('python3.11'),
      })
      expect(await retrace(person, ['--version'], { program })).toMatchObject({
        code: 0,
        stdout: `retrace ${version()}\n`,
      })
      expect(readdirSync(person).filter((each) => each.startsWith('retrace-'))).toEqual([])
    }
  }, 120_000)

  it('are a single executable, too, where the Node of this machine can hold one', async ({ skip }) => {
    const file = folder.file('retrace')
    const made = spawnSync(join(installationRoot(), 'ops/single-executable'), [file], { timeout: 120_000 })
    if (made.status !== 0) return skip(`no single executable can be made here: ${made.stderr.toString().trim()}`)
    // Nothing of the checkout is beside it, and no Node is looked for.
    copyFileSync(file, join(home('alone'), 'it'))
    const person = home('single')
    const sent = await retrace(person, [...to, '--yes', core], {
      program: [folder.file('alone', 'it')],
      environment: { PATH: '/nowhere' },
    })
    expect(sent).toMatchObject({ code: 0, stdout: expect.stringContaining('"version":1') })
    expect(await retrace(person, ['--version'], { program: [file] })).toMatchObject({
      stdout: `retrace ${version()}\n`,
    })
  }, 180_000)
})

describe('on a terminal', () => {
  const ask = async (name: string, typed: string) =>
    await retrace(home(name), [...to, core], { through: onTerminal, input: new TextEncoder().encode(typed) })

  it('asks, and sends nothing for anything but a clear yes', async () => {
    const before = tasks()
    for (const [name, typed] of Object.entries({ no: 'n\n', empty: '\n', other: 'yep\n' })) {
      const { code, stdout } = await ask(`asked-${name}`, typed)
      expect([name, code, stdout.includes('Nothing was sent')]).toEqual([name, 3, true])
      expect(stdout).toContain('Send it? [y]es, [f]ull core, [s]how what, [N]o')
    }
    expect(tasks()).toBe(before)
    const yes = await ask('asked-yes', 'y\n')
    expect([yes.code, tasks()]).toEqual([0, before + 1])
    const full = await ask('asked-full', 'f\n')
    expect([full.code, tasks()]).toEqual([0, before + 2])
  }, 120_000)

  it('takes the end of the input, Ctrl-C and what is typed ahead for what they are', async () => {
    const before = tasks()
    const type = async (name: string, ...steps: [string, string][]) =>
      await retrace(home(name), [...to, core], {
        through: (
          words,
        ) => ['python3', join(installationRoot(), 'test/helpers/typing.py'), JSON.stringify(steps), ...words],
      })
    const ended = await type('typed-end', ['[N]o', '\x04'])
    expect([ended.code, ended.stdout.includes('Nothing was sent')]).toEqual([3, true])
    const shown = await type('typed-end-later', ['[N]o', 's\n'], ['[N]o', '\x04'])
    expect([shown.code, shown.stdout.includes('Nothing was sent')]).toEqual([3, true])
    const left = await type('typed-break', ['[N]o', '\x03'])
    expect([left.code, tasks()]).toEqual([3, before])
    const ahead = await type('typed-ahead', ['[N]o', 's\ny\n'])
    expect([ahead.code, tasks()]).toEqual([0, before + 1])
  }, 120_000)

  it('shows a long answer through the pager, whatever that is, and without one', async () => {
    const person = home('paged')
    expect((await retrace(person, [...to, '--yes', core])).code).toBe(0)
    const [, id = ''] = /^ *(\d+) /m.exec((await retrace(person, ['list'])).stdout) ?? []
    const show = async (pager: string) =>
      await retrace(person, ['show', id, '--full', ...to.slice(2)], {
        through: onTerminal,
        environment: { PAGER: pager, TERM: 'xterm' },
      })
    const whole = await show('/nowhere/pager')
    expect(whole).toMatchObject({ code: 0, stdout: expect.stringContaining('"version":1') })
    const counted = await show('wc -l')
    expect(counted).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\s*\d+\s*$/) })
    // Who stops reading has seen enough.
    expect((await show('head -1')).stdout.trim().split('\n')).toHaveLength(1)
  }, 60_000)
})

describe('a proxy', () => {
  const address = Object.values(networkInterfaces()).flat().find((each) => each?.family === 'IPv4' && !each.internal)
    ?.address

  it('is gone through for every host but those of no_proxy, and never for this machine', async ({ skip }) => {
    await using proxy = await startProxy()
    const person = home('proxied')
    const environment = { https_proxy: proxy.url, http_proxy: proxy.url }
    const list = async (url: string, more = {}) => {
      proxy.requests.length = 0
      const { code } = await retrace(person, ['--server', url, '--insecure', '--yes', core], {
        environment: { ...environment, ...more },
      })
      return [code, proxy.requests.length > 0]
    }
    expect(await list(`https://localhost:${server.port}`)).toEqual([0, false])
    expect(await list(`https://127.0.0.1:${server.port}`)).toEqual([0, false])
    if (address === undefined) return skip('this machine has no address but its own')
    const url = `https://${address}:${server.port}`
    expect(await list(url)).toEqual([0, true])
    expect(proxy.requests).toContain(`CONNECT ${address}:${server.port}`)
    expect(await list(url, { no_proxy: `example.org,${address}` })).toEqual([0, false])
  }, 120_000)
})

describe('what is left', () => {
  it('is nothing, where whoever reads the answer stops, and where the disk of TMPDIR is not there', async () => {
    const person = home('closed')
    const through = (words: readonly string[]) => ['sh', '-c', '"$@" | head -c 1', 'sh', ...words]
    expect((await retrace(person, [...to, '--yes', core], { through })).code).toBe(0)
    expect(readdirSync(person)).toEqual(['.local'])
    expect(existsSync(join(person, 'none'))).toBe(false)
    const { code, stderr } = await retrace(person, [...to, '--yes', core], {
      environment: { TMPDIR: join(person, 'none') },
    })
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^retrace: .*none.* cannot be used \(ENOENT\)/)])
  }, 60_000)
})
