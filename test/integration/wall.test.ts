/**
 * One list of attempts to get out (test/fixtures/wall/attempts.c), made in every sandbox that the product makes.
 */
import { type ChildProcess, spawn, spawnSync, type StdioOptions } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { execPath, pid } from 'node:process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { gathered } from '../../src/process/gather.ts'
import { startInside } from '../../src/process/inside.ts'
import { INSIDE, SANDBOXES, type SandboxName } from '../../src/process/programs.ts'
import type { Sandbox } from '../../src/process/wall.ts'
import { installationRoot } from '../../src/program/program.ts'
import { run } from '../helpers/cores.ts'
import { type Folder, temporaryFolder } from '../helpers/folder.ts'
import { SANDBOX_MAKERS } from '../helpers/sandboxes.ts'

/** What a sandbox may besides nothing at all: folders that it writes to, files that it may, and devices that it sees. */
const ALLOWED: Record<SandboxName, string[]> = {
  'decoder': [],
  'index-signature': ['has-descriptor 3'],
  'package-signature': ['can-write /db', 'can-write /tmp'],
  'deb-members': [],
  'rpm-members': [],
  'debug-sections': ['can-write /work', 'can-overwrite /work/one.debug', 'can-chmod /work/one.debug'],
  'debugger': [
    ...['can-write /tmp', 'sees-special /dev/null', 'sees-special /dev/urandom', 'sees-special /dev/zero'],
    ...['has-descriptor 3', 'has-variable PYTHONNOUSERSITE', 'has-variable PYTHONDONTWRITEBYTECODE'],
  ],
  'trial': [],
}

/** What every one of them may. */
const ALWAYS = [
  ...['user 65534 65534', 'has-descriptor 0', 'has-descriptor 1', 'has-descriptor 2'],
  ...['has-variable PATH', 'has-variable LC_ALL', 'has-variable PWD', 'end'],
]

/** As gpgv and gdb have one. */
const CHANNELS: Partial<Record<SandboxName, number>> = { 'index-signature': 1, 'debugger': 1 }

let folder: Folder
let listeners: Server[]
let victim: ChildProcess
let probe: string
let words: string[]

beforeAll(async () => {
  folder = await temporaryFolder()
  probe = folder.file('attempts')
  const source = join(installationRoot(), 'test', 'fixtures', 'wall', 'attempts.c')
  run('gcc', ['-std=gnu11', '-static', '-o', probe, source])
  writeFileSync(folder.file('secret'), 'of the server', { mode: 0o600 })
  const name = `retrace-wall-${pid}`
  listeners = [createServer().listen(0, '127.0.0.1'), createServer().listen(`\0${name}`)]
  await Promise.all(listeners.map((listener) => once(listener, 'listening')))
  victim = spawn('sleep', ['600'])
  const { port } = listeners[0]?.address() as AddressInfo
  words = ['/attempts', String(port), name, folder.file('secret'), String(victim.pid)]
})

afterAll(async () => {
  for (const listener of listeners) listener.close()
  victim.kill()
  await folder[Symbol.asyncDispose]()
})

let count = 0

/** The lines of the probe, in the place of what runs in a sandbox. */
async function attemptsIn(sandbox: Sandbox): Promise<string[]> {
  const [first = '', ...rest] = words
  await using running = startInside(
    { ...sandbox, words: [first, ...rest], binds: [...sandbox.binds, { from: probe, at: first }] },
    { timeoutMs: 60_000, channels: CHANNELS[sandbox.name] ?? 0 },
  )
  const said = new TextDecoder().decode(await gathered(running, running.output, 1 << 20))
  await running.succeeded()
  return said.trim().split('\n')
}

function sandboxesOf(name: SandboxName): Sandbox[] {
  const place = folder.file(`sandbox-${count++}`)
  mkdirSync(place)
  return SANDBOX_MAKERS[name](place)
}

describe.each(Object.keys(SANDBOXES) as SandboxName[])('the sandbox %s', (name) => {
  it('lets nothing out of it, nothing into it, and nothing be written but what it is for', async () => {
    const sandboxes = sandboxesOf(name)
    expect(sandboxes.length).toBeGreaterThan(0)
    for (const sandbox of sandboxes) {
      const lines = await attemptsIn(sandbox)
      const home = sandbox.tmpBytes === undefined ? [] : ['has-variable HOME']
      expect(lines.filter((line) => !line.endsWith(' no')).sort())
        .toEqual([...ALWAYS, ...ALLOWED[name], ...home].sort())
      expect(lines.filter((line) => line.endsWith(' no')).length).toBeGreaterThan(35)
      expect(sandbox.name).toBe(name)
      for (const program of sandbox.runs) expect(INSIDE[program].sandbox).toContain(name)
    }
    expect(victim.exitCode ?? victim.signalCode).toBeNull()
  })

  it('leaves nothing running that ran in it', async () => {
    for (const sandbox of sandboxesOf(name)) await attemptsIn(sandbox)
    await expect.poll(lastingProcesses).toEqual([])
  })
})

/** The processes that the probe starts to outlive it. */
function lastingProcesses(): string[] {
  return readdirSync('/proc').filter((entry) => /^[0-9]+$/.test(entry)).filter((entry) => {
    try {
      return readFileSync(`/proc/${entry}/comm`, 'utf8') === 'wall-stays\n'
    } catch {
      return false
    }
  })
}

describe('a program that was given descriptors by whoever started it', () => {
  it('passes none of them on to what it starts, and keeps them itself', () => {
    const [trial] = sandboxesOf('trial')
    const [first = '', ...rest] = words
    const sandbox = { ...trial, words: [first, ...rest], binds: [...trial?.binds ?? [], { from: probe, at: first }] }
    const start = `file://${join(installationRoot(), 'dist', 'src', 'process', 'inside.js')}`
    const script = `import { fstatSync } from 'node:fs'
      const { startInside } = await import('${start}')
      startInside(JSON.parse(process.argv[1])).output.pipe(process.stdout)
      fstatSync(28)`
    const given = openSync(folder.file('secret'), 'r')
    try {
      const stdio = [
        'ignore',
        'pipe',
        'pipe',
        ...Array.from({ length: 27 }, (_, n) => n === 14 || n === 25 ? given : 'ignore'),
      ]
      const { stdout, stderr } = spawnSync(execPath, ['--input-type=module', '-e', script, JSON.stringify(sandbox)], {
        stdio: stdio as StdioOptions,
        encoding: 'utf8',
      })
      expect(stderr).toBe('')
      expect(stdout.split('\n').filter((line) => line.startsWith('has-descriptor')))
        .toEqual(['has-descriptor 0', 'has-descriptor 1', 'has-descriptor 2'])
    } finally {
      closeSync(given)
    }
  })
})

describe('the probe', () => {
  it('the probe gets out where there is no wall around it, so that its attempts are real ones', () => {
    const open = [
      '--die-with-parent',
      '--unshare-pid',
      '--bind',
      folder.path,
      folder.path,
      '--proc',
      '/proc',
      '--ro-bind',
      probe,
      '/attempts',
    ]
    const { text } = run('bwrap', [...open, ...words])
    const done = text.split('\n').filter((line) => line.endsWith(' YES')).map((line) => line.split(' ')[0])
    expect(done).toEqual(expect.arrayContaining(['connect-tcp', 'connect-abstract-socket', 'read-secret', 'see-proc']))
    expect(done).toEqual(expect.arrayContaining(['clone-user', 'share-session', 'leave-core', 'be-without-limits']))
    expect(text.split('\n')).toEqual(expect.arrayContaining(['can-write /', `can-write ${folder.path}`]))
  })
})
