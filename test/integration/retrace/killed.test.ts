/** A worker that is killed at any moment: nothing of it stays, and the next run ends the task as if nothing had been. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { env, kill } from 'node:process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RESULTS } from '../../../src/task/files.ts'
import { installationRoot } from '../../../src/program/program.ts'
import { processTree } from '../../../src/process/memory.ts'
import { fixtureCore, fixtureFiles } from '../../helpers/cores.ts'
import { eventually } from '../../helpers/task.ts'
import { makeWorld, type World } from '../packages/world.ts'

const ROUNDS = 8
const LIBC = '/usr/lib/x86_64-linux-gnu/libc.so.6'

let world: World
let core: string
let expected: string
let seconds: number

beforeAll(async () => {
  world = await makeWorld()
  const files = world.folder.file('files')
  mkdirSync(files)
  core = fixtureCore('amd64', world.folder.path).core
  fixtureFiles('amd64', files)
  const at = (path: string) => ({ copy: join(files, path) })
  world.repository.add({
    name: 'crash',
    version: '1',
    files: { '/usr/bin/crash': at('usr/bin/crash'), [LIBC]: at('lib/x86_64-linux-gnu/libc.so.6') },
  })
  world.repository.publish()
  await world.sync()
  const task = makeTask('first')
  const began = performance.now()
  const [code] = await once(start(task), 'exit') as [number]
  seconds = (performance.now() - began) / 1000
  expect(code).toBe(0)
  expected = readFileSync(join(task, 'backtrace'), 'utf8')
})

afterAll(async () => await world[Symbol.asyncDispose]())

function makeTask(id: string): string {
  const task = world.folder.file('spool', id)
  mkdirSync(task, { recursive: true, mode: 0o700 })
  cpSync(core, join(task, 'coredump'))
  return task
}

/** As the server starts it: in a process group of its own. */
function start(task: string): ChildProcess {
  const words = ['--pdeathsig', 'KILL', '--', join(installationRoot(), 'ops/bin/abrt-retrace-worker'), task]
  return spawn('setpriv', words, {
    detached: true,
    stdio: 'ignore',
    env: { PATH: env.PATH, ...world.environment },
  })
}

/** Kills the worker alone with SIGKILL; resolves with what it had started by then, itself included. */
async function killAfter(worker: ChildProcess, milliseconds: number): Promise<number[]> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds))
  const { pid, exitCode } = worker
  if (pid === undefined || exitCode !== null) return []
  kill(pid, 'SIGSTOP') // so that nothing is started between the look and the kill
  const family = processTree(pid)
  const gone = once(worker, 'exit')
  kill(pid, 'SIGKILL')
  await gone
  return [pid, ...family]
}

describe('a worker that is killed with SIGKILL', () => {
  it('leaves no process, no mount and no file, and the task can be done again', async () => {
    let withSandbox = 0
    for (let round = 0; round < ROUNDS; round++) {
      const task = makeTask(`killed-${round}`)
      const family = await killAfter(start(task), (round + Math.random()) * seconds * 1000 / ROUNDS)
      if (family.length > 2) withSandbox++
      await eventually(() => !family.some((pid) => existsSync(`/proc/${pid}`)))
      expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain(world.folder.path)
      const [code] = await once(start(task), 'exit') as [number]
      expect(code, readFileSync(join(task, 'retrace-log'), 'utf8')).toBe(0)
      expect(readFileSync(join(task, 'backtrace'), 'utf8')).toBe(expected)
      expect(readdirSync(task).sort()).toEqual([...RESULTS].sort())
    }
    expect(withSandbox).toBeGreaterThan(0)
  }, 240_000)

  it('leaves a task that has ended as it is, when it is run once more', async () => {
    const task = world.folder.file('spool', 'first')
    const log = readFileSync(join(task, 'retrace-log'), 'utf8')
    cpSync(core, join(task, 'coredump')) // as if it had been killed before it removed the core
    const [code] = await once(start(task), 'exit') as [number]
    expect(code).toBe(0)
    expect(readFileSync(join(task, 'retrace-log'), 'utf8')).toBe(log)
    expect(existsSync(join(task, 'coredump'))).toBe(false)
  })
})
