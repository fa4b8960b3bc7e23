/** The program abrt-retrace-worker, built, on directories of its own: what it leaves, and how it ends. */
import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { cwd, env } from 'node:process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { installationRoot } from '../../../src/program/program.ts'
import { readStep } from '../../../src/task/step.ts'
import { Task } from '../../../src/task/task.ts'
import { crash, fixtureCore } from '../../helpers/cores.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { withMoreSegments } from '../../helpers/patched_core.ts'
import { patchedCore } from '../../helpers/retrace.ts'

let folder: Folder
let core: string

beforeAll(async () => {
  folder = await temporaryFolder()
  core = fixtureCore('amd64', folder.path).core
})

afterAll(async () => await folder[Symbol.asyncDispose]())

let tasks = 0

function makeTask(coredump: string | Uint8Array, files: Record<string, string> = {}): string {
  const task = folder.file('spool', String(++tasks))
  mkdirSync(task, { recursive: true, mode: 0o700 })
  if (typeof coredump === 'string') cpSync(coredump, join(task, 'coredump'))
  else writeFileSync(join(task, 'coredump'), coredump)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(task, name), text)
  return task
}

interface Run {
  code: number | null
  out: string
  err: string
}

function start(args: string[], settings: Record<string, string> = {}): ChildProcess {
  return spawn(join(installationRoot(), 'ops', 'bin', 'abrt-retrace-worker'), args, {
    env: {
      PATH: env.PATH,
      RETRACE_SPOOL_DIR: folder.file('spool'),
      RETRACE_REPO_DIR: folder.file('repo'),
      RETRACE_DATABASE: folder.file('index', 'retrace.db'),
      ...settings,
    },
  })
}

async function ended(child: ChildProcess): Promise<Run> {
  const run: Run = { code: null, out: '', err: '' }
  child.stdout?.on('data', (chunk) => run.out += chunk)
  child.stderr?.on('data', (chunk) => run.err += chunk)
  run.code = await new Promise((resolve) => child.on('close', resolve))
  return run
}

/** Another ELF header that leads to the same table of program headers. */
function layHeader(bytes: Uint8Array, offset: number): void {
  bytes.copyWithin(offset, 0, 64)
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  view.setBigUint64(offset + 32, view.getBigUint64(32, true) - BigInt(offset), true)
}

const work = (args: string[], settings?: Record<string, string>) => ended(start(args, settings))
const read = (task: string, name: string) => readFileSync(join(task, name), 'utf8')
const outcome = (task: string) => JSON.parse(read(task, 'outcome.json'))

describe('abrt-retrace-worker', () => {
  it.each([
    ['a text', new TextEncoder().encode('this is no core\n'), 'core-not-elf'],
    ['an empty file', new Uint8Array(0), 'core-not-elf'],
    ['the first 100 bytes of a core', 'cut', 'core-truncated'],
    ['a program', '/bin/true', 'core-not-elf'],
    ['packed by bzip2', new TextEncoder().encode('BZh91AY&SY, and more'), 'core-packed'],
    ['a minidump', new TextEncoder().encode('MDMP, and more'), 'core-foreign'],
    ['a core of an unknown machine', 'unknown', 'core-unsupported-arch'],
  ])('ends a task whose core is %s at once, with the reason', async (_, what, code) => {
    const source = what === 'cut' || what === 'unknown' ? core : what
    const task = makeTask(source)
    if (what === 'cut') truncateSync(join(task, 'coredump'), 100)
    if (what === 'unknown') writeFileSync(join(task, 'coredump'), patchedCore(core, { machine: 0xbeef }))
    const run = await work([task])
    expect(run.code).toBe(1)
    expect(outcome(task)).toMatchObject({ code, step: 'read', modules: { total: 0 } })
    expect(outcome(task).summary).toMatch(/^The core .*\.$/)
    expect(run.out).toContain(`report: ${code}: `)
    expect(read(task, 'retrace-log')).toContain(outcome(task).next_step)
    expect(readdirSync(task).sort()).toEqual(['outcome.json', 'retrace-log'])
  })

  it.each([
    ['without bytes over its headers', {}],
    ['with bytes of its headers', { bytes: 64 }],
    ['without bytes over a copy of its headers', { copy: true }],
  ])(
    'gives a debugger no segments %s, by the thousand: each would have it read all of them again',
    async (_, { copy, ...odd }: { copy?: boolean; bytes?: number }) => {
      const plain = new Uint8Array(readFileSync(core))
      const offset = plain.length - 64
      const many = withMoreSegments(plain, 60_000, { first: true, ...odd, ...(copy ? { offset } : {}) })
      if (copy) layHeader(many, offset)
      const task = makeTask(many)
      const run = await work([task], { RETRACE_TASK_MEMORY_MB: '1024' })
      expect(run.out).toMatch(/^debug: gdb-multiarch reads this core/m)
      expect(outcome(task).code).not.toMatch(/debugger|memory/)
    },
  )

  it('names the modules that no package has, and shows no backtrace in which no frame has a name', async () => {
    const task = makeTask(core, { release: 'debian-12\n', architecture: 'x86_64\n', packages: 'crash_1.0_amd64\n' })
    const run = await work([task])
    expect(run.out).toMatch(/^read: core of \/usr\/bin\/crash \(amd64\), 3 threads, SIGSEGV$/m)
    expect(outcome(task).modules).toMatchObject({ total: 3, missing: 3 })
    expect(read(task, 'retrace-log')).toMatch(/missing \/usr\/bin\/crash, build-id 6b9488c1/)
    expect(existsSync(join(task, 'backtrace'))).toBe(run.code === 0)
    expect(existsSync(join(task, 'coredump'))).toBe(false)
    expect(JSON.parse(read(task, 'modules.json')).modules[0]).toMatchObject({
      path: '/usr/bin/crash',
      status: 'missing',
    })
  })

  it('takes a directory by a relative path, too', async () => {
    const task = makeTask(core)
    await ended(start([relative(cwd(), task)]))
    expect(outcome(task).code).not.toBe('debugger-failed')
  })

  it('says what the client got wrong about the architecture', async () => {
    const run = await work([makeTask(core, { architecture: 'aarch64\n' })])
    expect(run.out).toContain('read: the client says aarch64, but the core is amd64, which counts')
  })

  it("takes a script's core for its interpreter's, whatever the client calls it", async () => {
    const script = folder.file('script')
    writeFileSync(script, '#!/usr/bin/python3.11\nimport ctypes\nctypes.string_at(0)\n', { mode: 0o755 })
    const task = makeTask(crash(folder.path, script), { executable: script, package: 'script-1.0-1' })
    const run = await work([task])
    expect(run.out).toContain(`read: the client says ${script}, but the core is of /usr/bin/python3.11, which counts`)
    expect(JSON.parse(read(task, 'modules.json')).modules[0]).toMatchObject({
      kind: 'executable',
      path: '/usr/bin/python3.11',
    })
  })

  it('changes nothing when it runs again on a task that has ended', async () => {
    const task = makeTask(new TextEncoder().encode('no core'))
    await work([task])
    const log = read(task, 'retrace-log')
    writeFileSync(join(task, 'coredump'), 'left by a killed run')
    const again = await work([task])
    expect(again).toMatchObject({ code: 1, err: '' })
    expect(read(task, 'retrace-log')).toBe(log)
    expect(readdirSync(task).sort()).toEqual(['outcome.json', 'retrace-log'])
  })

  it('waits for its directory on standard input with -', async () => {
    const task = makeTask(new TextEncoder().encode('no core'))
    const child = start(['-'])
    const run = ended(child)
    child.stdin?.write(`${task}\n`)
    expect((await run).code).toBe(1)
    expect(outcome(task).code).toBe('core-not-elf')
  })

  it('ends quietly when standard input ends without a directory', async () => {
    const child = start(['-'])
    child.stdin?.end()
    expect(await ended(child)).toMatchObject({ code: 0, out: '', err: '' })
  })

  it('ends quietly when it is stopped while it waits', async () => {
    const child = start(['-'])
    const run = ended(child)
    setTimeout(() => child.kill('SIGTERM'), 1_500)
    // Exit code 1 would be that of a worker that did not heed the signal for some seconds.
    expect(await run).toMatchObject({ code: 0, out: '', err: '' })
  })

  it.each([
    [['/nonexistent'], /is no directory/],
    [['/usr/share'], /is no task: it holds no file coredump/],
    [[], /Expected one argument/],
    [['--frobnicate'], /There is no option/],
  ])('refuses %j with exit code 2', async (args, reason) => {
    expect(await work(args)).toMatchObject({ code: 2, out: '', err: expect.stringMatching(reason) })
  })

  it('refuses a setting that makes no sense with exit code 2, and names it', async () => {
    const run = await work([makeTask(core)], { RETRACE_TASK_TIMEOUT_S: 'soon' })
    expect(run).toMatchObject({ code: 2, err: expect.stringContaining('RETRACE_TASK_TIMEOUT_S') })
  })

  it('abrt-retrace-worker has --help with every setting, and --version', async () => {
    expect((await work(['--help'])).out).toMatch(/Usage: abrt-retrace-worker[^]*RETRACE_TASK_MEMORY_MB/)
    expect((await work(['--version'])).out).toMatch(/^abrt-retrace-worker \d+\.\d+\.\d+\n$/)
  })

  it('leaves a task to be done again when it is stopped, and no process', async () => {
    const task = makeTask(core)
    const child = start([task])
    const run = ended(child)
    await new Promise<void>((resolve) =>
      child.stdout?.on('data', (text) => String(text).includes('debug: ') && resolve())
    )
    // Its step is there for programs as long as it works, and goes with what else it had begun.
    expect(readStep(new Task(task))).toBe('debug')
    child.kill('SIGTERM')
    expect((await run).code).toBe(1)
    expect(readdirSync(task)).toEqual(['coredump'])
    const again = await work([task])
    expect(again.code).not.toBe(2)
    expect(existsSync(join(task, 'retrace-log'))).toBe(true)
  })

  it('gives gdb no more time than the task has left', async () => {
    const task = makeTask(core)
    const run = await work([task], { RETRACE_TASK_TIMEOUT_S: '1' })
    expect(run.out).toMatch(/^debug: running gdb .* for 0 s at most$/m)
    expect(existsSync(join(task, 'retrace-log'))).toBe(true)
  })
})
