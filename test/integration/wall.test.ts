/**
 * One list of attempts to get out (test/fixtures/wall/attempts.c), made in every sandbox that the product makes.
 */
import { type ChildProcess, spawn, spawnSync, type StdioOptions } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { execPath, geteuid, pid } from 'node:process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { gathered } from '../../src/process/gather.ts'
import { startInside } from '../../src/process/inside.ts'
import { processTree } from '../../src/process/memory.ts'
import { INSIDE, SANDBOXES, type SandboxName } from '../../src/process/programs.ts'
import { trialSandbox } from '../../src/process/trial.ts'
import { wallUser } from '../../src/process/users.ts'
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
  'deb-members': ['has-variable DPKG_DEB_THREADS_MAX'],
  'rpm-members': [],
  'debug-sections': ['can-write /work', 'can-overwrite /work/one.debug'],
  'debugger': [
    ...['can-write /tmp', 'sees-special /dev/null', 'sees-special /dev/urandom', 'sees-special /dev/zero'],
    ...['has-descriptor 3', 'has-variable PYTHONNOUSERSITE', 'has-variable PYTHONDONTWRITEBYTECODE'],
  ],
  'debug-index': [
    ...['can-write /new', 'can-write /tmp', 'sees-special /dev/null', 'sees-special /dev/urandom'],
    ...['sees-special /dev/zero', 'has-variable PYTHONNOUSERSITE', 'has-variable PYTHONDONTWRITEBYTECODE'],
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
  await using running = await startInside(
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

describe('the user of a sandbox', () => {
  const LIBRARIES = trialSandbox()

  /** `words` in a sandbox that sees files of a folder that nobody but its owner may enter. */
  async function saidIn(binds: Sandbox['binds'], ...command: [string, ...string[]]): Promise<string> {
    const programs = { from: command[0], at: command[0] }
    const sandbox = { ...LIBRARIES, words: command, binds: [...LIBRARIES.binds, programs, ...binds] }
    await using running = await startInside(sandbox, { timeoutMs: 60_000 })
    const said = await gathered(running, running.output, 1 << 20)
    await running.succeeded()
    return new TextDecoder().decode(said)
  }

  it('is never root outside, in no process of it', async () => {
    const sleep = { ...LIBRARIES, words: ['/bin/sleep', '60'] as const }
    const sandbox = { ...sleep, binds: [...LIBRARIES.binds, { from: '/bin/sleep', at: '/bin/sleep' }] }
    await using running = await startInside(sandbox, { timeoutMs: 60_000 })
    const tree = () => processTree(running.pid ?? 0)
    await expect.poll(() => tree().length).toBe(3)
    const users = tree().map((each) => /^Uid:\t(.*)$/m.exec(readFileSync(`/proc/${each}/status`, 'utf8'))?.[1])
    const groups = tree().map((each) => /^Groups:\t(.*)$/m.exec(readFileSync(`/proc/${each}/status`, 'utf8'))?.[1])
    const user = wallUser() ?? geteuid?.()
    expect(user).not.toBe(0)
    expect(users).toEqual(Array(3).fill(`${user}\t${user}\t${user}\t${user}`))
    if (geteuid?.() === 0) expect(groups.map((each) => each?.trim())).toEqual(['', '', ''])
  })

  it('reads what is bound wherever it lies, and what is private only where it was made for it', async () => {
    const place = folder.file('private')
    mkdirSync(join(place, 'deep'), { recursive: true })
    writeFileSync(join(place, 'deep', 'open'), 'open\n', { mode: 0o644 })
    writeFileSync(join(place, 'deep', 'closed'), 'closed\n', { mode: 0o600 })
    chmodSync(place, 0o700)
    const [open, closed] = ['open', 'closed'].map((name) => ({ from: join(place, 'deep', name), at: `/${name}` }))
    if (open === undefined || closed === undefined) return
    expect(await saidIn([open, { ...closed, isPrivate: true }], '/bin/cat', '/open', '/closed')).toBe('open\nclosed\n')
    await expect.poll(() => statSync(closed.from).uid).toBe(geteuid?.())
    if (geteuid?.() === 0) await expect(saidIn([closed], '/bin/cat', '/closed')).rejects.toThrow(/Permission denied/)
    expect(statSync(closed.from).mode & 0o777).toBe(0o600)
  })

  it('has a pipe that has ended for its input, no device of the machine', async () => {
    expect(await saidIn([], '/usr/bin/stat', '-L', '-c', '%F', '-')).toMatch(/^(fifo|socket)/)
  })
})

describe('the sandbox trial, by which --check and /readyz judge', () => {
  it('asks for all that any other sandbox asks for', () => {
    const trial = trialSandbox().limits
    const others = (Object.keys(SANDBOXES) as SandboxName[]).flatMap(sandboxesOf).map(({ limits }) => limits)
    for (const limit of ['addressSpace', 'cpuS', 'fileBytes', 'openFiles', 'processes'] as const) {
      expect(Math.max(...others.map((each) => each[limit]))).toBe(trial[limit])
    }
    const more = { addressSpace: 64 * 2 ** 30, cpuS: 40_000 }
    expect(trialSandbox(more).limits).toMatchObject(more)
  })

  it.each([['--nofile=512'], ['--as=8589934592'], ['--fsize=1048576']])('fails where a limit is %s', (limit) => {
    const start = `file://${join(installationRoot(), 'dist', 'src', 'process', 'trial.js')}`
    const script = `const { tryWall } = await import('${start}')
      await tryWall({}).then(() => console.log('works'), (error) => console.log(error.message))`
    // As a user who may not raise it again.
    const words = [limit, 'setpriv', '--bounding-set=-sys_resource', '--inh-caps=-sys_resource', '--', execPath]
    const { stdout } = spawnSync('prlimit', [...words, '--input-type=module', '-e', script], { encoding: 'utf8' })
    expect(stdout).toMatch(/^The sandbox of cat does not work: prlimit: failed to set the/)
  })
})

describe('what a sandbox may use up', () => {
  const shell = (script: string, limits: Partial<Sandbox['limits']>): Sandbox => {
    const trial = trialSandbox()
    const binds = ['/bin/dash', '/bin/sleep', '/bin/mkdir'].map((path) => ({ from: path, at: path }))
    const words = ['/bin/dash', '-c', `PATH=/bin; ${script}`] as const
    const seen = { binds: [...trial.binds, ...binds], devices: ['/dev/null'] }
    return { ...trial, ...seen, words, limits: { ...trial.limits, ...limits } }
  }

  it('processes: what one task starts takes nothing from another', async () => {
    const hog = shell('i=0; while [ $i -lt 199 ]; do sleep 60 & i=$((i+1)); done', { processes: 64 })
    const start = `file://${join(installationRoot(), 'dist', 'src', 'process', 'inside.js')}`
    const script = `const { startInside } = await import('${start}')
      const running = await startInside(JSON.parse(process.argv[1]))
      console.log((await running.ended).complaint)
      const again = await startInside(JSON.parse(process.argv[1]))
      console.log((await again.ended).complaint)`
    const other = spawnSync(execPath, ['--input-type=module', '-e', script, JSON.stringify(hog)], { encoding: 'utf8' })
    expect(other.stdout).toMatch(/^.*Cannot fork\n.*Cannot fork\n$/)
    const held = { ...hog, words: ['/bin/dash', '-c', `${hog.words[2]} & sleep 60`] as const }
    const neighbour = spawn(execPath, ['--input-type=module', '-e', script, JSON.stringify(held)], { stdio: 'ignore' })
    try {
      await expect.poll(() => processTree(neighbour.pid ?? 0).length, { timeout: 20_000 }).toBeGreaterThan(50)
      const few = shell('for i in 1 2 3 4 5 6 7 8; do sleep 0.1 & done; wait', { processes: 64 })
      await using running = await startInside(few, { timeoutMs: 60_000 })
      await running.succeeded()
    } finally {
      neighbour.kill('SIGKILL')
    }
  })

  it('starts what runs behind it, whatever who started it does meanwhile without a pause', async () => {
    const place = folder.file('begun')
    mkdirSync(place)
    const begin = {
      ...shell(': > /here/begun', { processes: 64, fileBytes: 1 << 10 }),
      writable: [{ from: place, at: '/here' }],
    }
    await using running = await startInside(begin, { timeoutMs: 60_000 })
    const cell = new Int32Array(new SharedArrayBuffer(4))
    // No turn of the loop: what this process has not written yet it would not write.
    for (let each = 0; each < 2_000 && !existsSync(join(place, 'begun')); each++) Atomics.wait(cell, 0, 0, 10)
    expect(existsSync(join(place, 'begun'))).toBe(true)
    await running.succeeded()
  })

  it('processes: a decoder starts none', async () => {
    await using running = await startInside(shell('sleep 1 & wait', { processes: 1 }), { timeoutMs: 60_000 })
    expect((await running.ended).complaint).toMatch(/Cannot fork/)
  })

  it('memory that no look at processes sees: none is given', async () => {
    const lines = await attemptsIn(trialSandbox())
    expect(lines).toEqual(
      expect.arrayContaining(['hold-memory-file no', 'hold-shared-memory no', 'hold-queue no', 'grow-pipe no']),
    )
  })

  it('memory that its maker bounds: more ends the program, however many processes hold it', async () => {
    const grow = 'x=0123456789abcdef; while [ ${#x} -lt 30000000 ]; do x=$x$x; done; sleep 60'
    const hogs = shell(`(${grow}) & (${grow}) & (${grow}) & wait`, { processes: 64, memory: 64 << 20 })
    await using running = await startInside(hogs, { timeoutMs: 60_000 })
    await expect(running.succeeded()).rejects.toThrow(/held more than 64 MB of memory/)
  })

  it('memory of openers of packages: each is one process in an address space, or is looked at', () => {
    for (const name of Object.keys(SANDBOXES) as SandboxName[]) {
      if (name === 'debugger' || name === 'trial') continue
      for (const { limits } of sandboxesOf(name)) {
        const most = limits.memory ?? (limits.processes === 1 ? limits.addressSpace : Infinity)
        expect([name, most <= 8 * 2 ** 30]).toEqual([name, true])
      }
    }
  })

  it('files of a /tmp: more than 10,000 end the program', async () => {
    const many = shell('i=0; while :; do : > /tmp/$i; i=$((i+1)); done', { processes: 64, fileBytes: 1 << 20 })
    await using running = await startInside({ ...many, tmpBytes: 64 << 20 }, { timeoutMs: 60_000 })
    await expect(running.succeeded()).rejects.toThrow(/made more than 10000 temporary files/)
  })
})

describe('a program that was given descriptors by whoever started it', () => {
  it('passes none of them on to what it starts, and keeps them itself', () => {
    const [trial] = sandboxesOf('trial')
    const [first = '', ...rest] = words
    const sandbox = { ...trial, words: [first, ...rest], binds: [...trial?.binds ?? [], { from: probe, at: first }] }
    const start = `file://${join(installationRoot(), 'dist', 'src', 'process', 'inside.js')}`
    const script = `import { fstatSync } from 'node:fs'
      const { startInside } = await import('${start}')
      const running = await startInside(JSON.parse(process.argv[1]))
      running.output.pipe(process.stdout)
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
