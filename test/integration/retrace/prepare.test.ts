/** What a worker does while its core arrives: the task finds it done, and nothing that goes wrong there, or is left of it, costs anything. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { env } from 'node:process'
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest'
import { processTree } from '../../../src/process/memory.ts'
import { installationRoot } from '../../../src/program/program.ts'
import { type CrashWorld, crashWorld, runProgram } from '../../helpers/crash_world.ts'
import { fixtureCore } from '../../helpers/cores.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { serverSettings } from '../../helpers/server.ts'

const LIMIT = { timeout: 20_000, interval: 50 }
let folder: Folder
let world: CrashWorld
let settings: Record<string, string>
let core: Buffer
let tasks = 0
let draft: string
let task: string

beforeAll(async () => {
  folder = await temporaryFolder()
  world = await crashWorld(folder)
  settings = serverSettings(folder).settings
  core = readFileSync(fixtureCore('amd64', folder.path).core)
})

afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

/** Each test begins with an index of which nothing is kept. */
beforeEach(async () => {
  for (const setting of ['RETRACE_REPO_DIR', 'RETRACE_DATABASE'] as const) {
    rmSync(settings[setting] ?? '', { recursive: true, force: true })
  }
  const sync = await runProgram('abrt-reposync', settings)
  expect(sync.code, sync.text).toBe(0)
  draft = folder.file('spool', `.draft-${++tasks}`)
  task = folder.file('spool', String(tasks))
  mkdirSync(draft, { recursive: true, mode: 0o700 })
})

function waiting(
  more: Record<string, string> = {},
): { child: ChildProcess; ended: Promise<{ code: number | null; out: string }>; out: () => string } {
  const program = join(installationRoot(), 'ops', 'bin', 'abrt-retrace-worker')
  const child = spawn(program, ['-', draft], { env: { PATH: env.PATH, HOME: env.HOME, ...settings, ...more } })
  let out = ''
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (chunk) => out += chunk)
  return { child, out: () => out, ended: once(child, 'close').then(([code]) => ({ code: code as number | null, out })) }
}

/** The core is whole: its directory is the task's, and the worker hears of it. */
function accept(child: ChildProcess): void {
  renameSync(draft, task)
  child.stdin?.end(`${task}\n`)
}

const outcome = () => JSON.parse(readFileSync(join(task, 'outcome.json'), 'utf8'))
const log = () => readFileSync(join(task, 'retrace-log'), 'utf8')
const programsOf = ({ pid = 0 }: ChildProcess) =>
  processTree(pid).map((each) =>
    existsSync(`/proc/${each}/comm`) ? readFileSync(`/proc/${each}/comm`, 'utf8').trim() : ''
  )
const views = () =>
  readdirSync(join(settings.RETRACE_REPO_DIR ?? '', '.fetch')).filter((name) => name.endsWith('.view'))
const kept = () => {
  const folders = readdirSync(settings.RETRACE_REPO_DIR ?? '').filter((name) => !name.startsWith('.'))
  return folders.flatMap((name) => readdirSync(join(settings.RETRACE_REPO_DIR ?? '', name)))
}

it('starts the debugger, and fetches what the part of the core names, before it is whole', async () => {
  writeFileSync(join(draft, 'coredump'), core.subarray(0, -10))
  writeFileSync(join(draft, 'release'), 'debian-12\n')
  const { child, ended, out } = waiting()
  await vi.waitFor(() => expect(kept()).toHaveLength(2), LIMIT)
  await vi.waitFor(() => expect(programsOf(child).some((name) => name.startsWith('gdb'))).toBe(true), LIMIT)
  expect(out()).toMatch(/^fetch: libc6 /m)
  expect(out()).not.toContain('read:')
  appendFileSync(join(draft, 'coredump'), core.subarray(-10))
  accept(child)
  expect(await ended).toMatchObject({ code: 0 })
  expect(log()).toContain('debug: gdb was started while the core arrived')
  expect(log()).not.toContain('gdb is started late')
  expect(outcome()).toMatchObject({ code: 'ok-partial', packages: { fetched: 2, here: 0 } })
  expect(views()).toEqual([])
})

it('looks again once more of the core has come', async () => {
  const path = join(draft, 'coredump')
  writeFileSync(path, core.subarray(0, 3000))
  const { child, ended } = waiting()
  await vi.waitFor(() => expect(programsOf(child).length).toBeGreaterThan(1), LIMIT)
  expect(kept()).toEqual([])
  appendFileSync(path, core.subarray(3000, -10))
  await vi.waitFor(() => expect(kept()).toHaveLength(2), LIMIT)
  appendFileSync(path, core.subarray(-10))
  accept(child)
  expect(await ended).toMatchObject({ code: 0 })
})

it('says the same of a core that came at once, for which nothing is prepared', async () => {
  writeFileSync(join(draft, 'coredump'), core)
  const { child, ended } = waiting()
  accept(child)
  expect(await ended).toMatchObject({ code: 0 })
  expect(log()).not.toContain('while the core arrived')
  expect(outcome()).toMatchObject({ code: 'ok-partial', packages: { fetched: 2, here: 0 } })
})

it.each([
  ['is not there', () => rmSync(draft, { recursive: true })],
  ['has no core yet', () => undefined],
  ['has a core that is none', () => writeFileSync(join(draft, 'coredump'), 'MZ, and more')],
  ['has a folder in its place', () => mkdirSync(join(draft, 'coredump'))],
  ['has the beginning of one alone', () => writeFileSync(join(draft, 'coredump'), core.subarray(0, 64))],
])('does its task where the draft %s', async (_, make) => {
  make()
  const { child, ended } = waiting()
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  rmSync(draft, { recursive: true, force: true })
  mkdirSync(task, { mode: 0o700 })
  writeFileSync(join(task, 'coredump'), core)
  child.stdin?.end(`${task}\n`)
  expect(await ended).toMatchObject({ code: 0 })
  expect(outcome().code).toBe('ok-partial')
  expect(log()).not.toContain('while the core arrived')
  expect(views()).toEqual([])
})

it.each([
  ['the upload breaks off', (child: ChildProcess) => child.stdin?.end()],
  ['it is stopped', (child: ChildProcess) => child.kill('SIGTERM')],
])('ends quietly with its debugger, and keeps what came, where %s', async (_, end) => {
  writeFileSync(join(draft, 'coredump'), core.subarray(0, -10))
  const { child, ended } = waiting()
  await vi.waitFor(() => expect(programsOf(child).some((name) => name.startsWith('gdb'))).toBe(true), LIMIT)
  await vi.waitFor(() => expect(kept()).toHaveLength(2), LIMIT)
  const pids = processTree(child.pid ?? 0)
  end(child)
  expect((await ended).code).toBe(0)
  await vi.waitFor(() => expect(pids.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]), LIMIT)
  expect(views()).toEqual([])
  expect(kept()).toHaveLength(2)
})

it('ends what it prepared after the time of a task, for an upload that takes longer, and does the task all the same', async () => {
  writeFileSync(join(draft, 'coredump'), core.subarray(0, -10))
  const { child, ended } = waiting({ RETRACE_TASK_TIMEOUT_S: '10' })
  const hasGdb = () => programsOf(child).some((name) => name.startsWith('gdb'))
  await vi.waitFor(() => expect([hasGdb(), views().length]).toEqual([true, 1]), LIMIT)
  await vi.waitFor(() => expect([hasGdb(), views().length]).toEqual([false, 0]), LIMIT)
  appendFileSync(join(draft, 'coredump'), core.subarray(-10))
  accept(child)
  expect(await ended).toMatchObject({ code: 0 })
  expect(outcome().code).toBe('ok-partial')
  expect(log()).not.toContain('while the core arrived')
})
