/**
 * Every code of the closed list of outcomes that a worker can end with, reached for real: the built program, a
 * repository, a core. What a server says of dead workers (`killed`, `internal`) is in test/integration/runner/end.test.ts,
 * `debugger-timeout` in any_core.test.ts, `out-of-memory` in crashes.test.ts.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { env } from 'node:process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { installationRoot } from '../../../src/program/program.ts'
import { hostEngine } from '../../../workers/retrace/gdb/engine.ts'
import type { Outcome } from '../../../src/task/outcome.ts'
import { crash, fixtureCore, fixtureFiles, run } from '../../helpers/cores.ts'
import { makeElf } from '../../helpers/made_elf.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { compileFixture } from '../../helpers/oracle.ts'
import { makeCore } from '../../helpers/patched_core.ts'
import { retraceIn } from '../../helpers/retrace.ts'
import { makeWorld, type World } from '../packages/world.ts'

let folder: Folder
let core: string
/** Folder that holds the files of the fixture's core. */
let files: string

beforeAll(async () => {
  folder = await temporaryFolder()
  files = folder.file('files')
  mkdirSync(files)
  core = fixtureCore('amd64', folder.path).core
  fixtureFiles('amd64', files)
})

afterAll(async () => await folder[Symbol.asyncDispose]())

interface Ended {
  outcome: Outcome & { step: string }
  log: string
  hasBacktrace: boolean
  hints: Record<string, string>
}

/** Runs the built worker on a task of its own. */
async function retrace(
  world: World,
  coredump: string | Uint8Array,
  { hints = {}, settings = {} }: { hints?: Record<string, string>; settings?: Record<string, string> } = {},
): Promise<Ended> {
  const task = world.folder.file('spool', '1')
  mkdirSync(task, { recursive: true, mode: 0o700 })
  if (typeof coredump === 'string') cpSync(coredump, join(task, 'coredump'))
  else writeFileSync(join(task, 'coredump'), coredump)
  for (const [name, text] of Object.entries(hints)) writeFileSync(join(task, name), `${text}\n`)
  const worker = spawn(join(installationRoot(), 'ops/bin/abrt-retrace-worker'), [task], {
    stdio: 'ignore',
    env: { PATH: env.PATH, ...world.environment, ...settings },
  })
  const [code] = await once(worker, 'exit') as [number]
  const read = (name: string) => readFileSync(join(task, name), 'utf8')
  const ended = { outcome: JSON.parse(read('outcome.json')), log: read('retrace-log'), hints }
  expect(code).toBe(existsSync(join(task, 'backtrace')) ? 0 : 1)
  return { ...ended, hasBacktrace: code === 0 }
}

/** One sentence of what happened, one of what to do, and both in the log. */
function isSaid({ outcome, log }: Ended): void {
  expect(outcome.summary).toMatch(/^[A-Z0-9/].*\.$/s)
  expect(outcome.next_step).toMatch(/^[A-Z].*\.$/s)
  expect(log).toContain(`report: ${outcome.code}: ${outcome.summary.slice(0, 200)}`)
}

const crashFile = () => join(files, 'usr/bin/crash')

describe('the worker ends with', () => {
  it('ok when nothing is missing', async () => {
    await using world = await makeWorld()
    const program = compileFixture(folder.path, 'walk.c', 'complete', ['-static', '-O1'])
    world.repository.add({ name: 'walk', version: '1', files: { [program]: { copy: program } } })
    world.repository.publish()
    await world.sync()
    const ended = await retrace(world, crash(folder.path, program), { hints: { packages: 'walk_1_amd64' } })
    expect(ended).toMatchObject({ hasBacktrace: true, outcome: { code: 'ok', next_step: 'Nothing is missing.' } })
    expect(ended.log).toMatch(/^read: reading a core of \d+\.\d MB/m)
    expect(ended.log).toMatch(/^debug: running gdb with \d+ names for 2 modules, for \d+ s at most$/m)
  })

  it('ok-partial when a library has no debuginfo, and names it', async () => {
    await using world = await makeWorld()
    const libc = '/usr/lib/x86_64-linux-gnu/libc.so.6'
    world.repository.add({
      name: 'crash',
      version: '1',
      files: {
        '/usr/bin/crash': { copy: crashFile() },
        [libc]: { copy: join(files, 'lib/x86_64-linux-gnu/libc.so.6') },
      },
    })
    world.repository.publish()
    await world.sync()
    const ended = await retrace(world, core)
    expect(ended).toMatchObject({ hasBacktrace: true, outcome: { code: 'ok-partial' } })
    expect(ended.outcome.summary).toContain('libc.so.6 (crash_1_amd64): no debuginfo')
    expect(ended.log).toMatch(/^resolve: 2 of 3 are here, 1 with debuginfo, after/m)
    expect(ended.log).toMatch(/^fetch: crash 1 \(\d+\.\d MB\)$/m)
    isSaid(ended)
  })

  it('release-unknown when nobody tells, and no index knows a build-id', async () => {
    await using world = await makeWorld()
    const ended = await retrace(world, core)
    expect(ended).toMatchObject({ hasBacktrace: false, outcome: { code: 'release-unknown', step: 'debug' } })
    isSaid(ended)
  })

  it('package-not-found when no known version has the build-id, and names the closest versions', async () => {
    await using world = await makeWorld()
    const other = makeElf(world.folder.path, 'libother')
    for (const version of ['1', '2', '3', '5', '6', '7']) {
      world.repository.add({ name: 'crash', version, files: { '/usr/bin/crash': { copy: other.binary } } })
    }
    world.repository.publish()
    await world.sync()
    const ended = await retrace(world, core, { hints: { release: 'debian-12', packages: 'crash_4_amd64' } })
    expect(ended).toMatchObject({ hasBacktrace: false, outcome: { code: 'package-not-found' } })
    expect(ended.outcome.summary).toContain('the client says crash 4, which no index here has; known: 2, 3, 5, 6')
    isSaid(ended)
  })

  it('package-gone-upstream when the package left the archive before a task needed it', async () => {
    await using world = await makeWorld()
    const path = world.repository.add({
      name: 'crash',
      version: '1',
      files: { '/usr/bin/crash': { copy: crashFile() } },
    })
    world.repository.publish()
    await world.sync()
    world.repository.remove(path)
    world.repository.add({ name: 'other', version: '1', files: { '/usr/bin/other': { bytes: 'x' } } })
    world.repository.publish()
    await world.sync()
    const ended = await retrace(world, core, { hints: { release: 'debian-12' } })
    expect(ended).toMatchObject({ hasBacktrace: false, outcome: { code: 'package-gone-upstream' } })
    expect(ended.outcome.summary).toContain('crash_1_amd64 is gone upstream')
    isSaid(ended)
  })

  it('debuginfo-missing when the program is here without a single name', async () => {
    await using world = await makeWorld()
    const stripped = folder.file('crash.stripped')
    run('objcopy', ['--strip-all', crashFile(), stripped])
    world.repository.add({ name: 'crash', version: '1', files: { '/usr/bin/crash': { copy: stripped } } })
    world.repository.publish()
    await world.sync()
    const ended = await retrace(world, core, { hints: { release: 'debian-12' } })
    expect(ended).toMatchObject({ hasBacktrace: false, outcome: { code: 'debuginfo-missing' } })
    expect(ended.outcome.summary).toContain('crash 1 has no debuginfo package in the repositories of debian-12-amd64')
    isSaid(ended)
  })

  it('fetch-timeout when the archive does not answer in the time that the task has', async () => {
    await using world = await makeWorld()
    const path = world.repository.add({
      name: 'crash',
      version: '1',
      files: { '/usr/bin/crash': { copy: crashFile() } },
    })
    world.repository.publish()
    await world.sync()
    world.server.fault(path, 'silent')
    const ended = await retrace(world, core, {
      hints: { release: 'debian-12' },
      settings: { RETRACE_TASK_TIMEOUT_S: '3' },
    })
    expect(ended).toMatchObject({ hasBacktrace: false, outcome: { code: 'fetch-timeout' } })
    isSaid(ended)
  })

  it('fetch-failed when the archive answers with something else than what its index promises', async () => {
    await using world = await makeWorld()
    const path = world.repository.add({
      name: 'crash',
      version: '1',
      files: { '/usr/bin/crash': { copy: crashFile() } },
    })
    world.repository.publish()
    await world.sync()
    world.server.fault(path, 'altered')
    const ended = await retrace(world, core, { hints: { release: 'debian-12' } })
    expect(ended).toMatchObject({ hasBacktrace: false, outcome: { code: 'fetch-failed' } })
    expect(ended.outcome.summary).toContain('crash_1_amd64 could not be fetched')
    isSaid(ended)
  })

  it('core-empty when the core holds no thread', async () => {
    await using world = await makeWorld()
    const segment = { type: 1, offset: 120n, fileSize: 16n, memorySize: 4096n, address: 0x1000n }
    const ended = await retrace(world, makeCore([segment], new Uint8Array(16)))
    expect(ended).toMatchObject({ hasBacktrace: false, outcome: { code: 'core-empty', step: 'read' } })
    isSaid(ended)
  })
})

describe('the debugger ends a task with', () => {
  it('server-unfit when it cannot be started, and when there is none', async () => {
    const engine = hostEngine()
    if (engine === undefined) throw new Error('There is no gdb on this machine: run ops/setup')
    const dies = await retraceIn(core, files, { engines: [{ ...engine, command: ['/bin/false'] }] })
    expect(dies.report.outcome).toMatchObject({ code: 'server-unfit' })
    const none = await retraceIn(core, files, { engines: [] })
    expect(none.report.outcome).toMatchObject({
      code: 'server-unfit',
      summary: expect.stringContaining('gdb-multiarch is not installed'),
    })
  })
})
