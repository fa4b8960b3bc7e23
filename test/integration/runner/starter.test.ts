/** Workers started by a thread of their own, and without one. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { getPriority } from 'node:os'
import { join } from 'node:path'
import { execPath } from 'node:process'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { statOf } from '../../../src/process/proc.ts'
import { installationRoot } from '../../../src/program/program.ts'
import { threads } from '../../../src/program/runtime.ts'
import { WorkerStarter } from '../../../src/runner/starter.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'

const ENTRY = threads()?.start
if (ENTRY === undefined || !existsSync(ENTRY)) throw new Error('Nothing is built: run ops/lib/build')

let folder: Folder
let starter: WorkerStarter

beforeEach(async () => void (folder = await temporaryFolder()))
afterEach(async () => {
  await starter.close()
  await folder[Symbol.asyncDispose]()
})

const started = (script: string, more: { argument?: string; log?: string } = {}) =>
  starter.start({
    ...{ command: ['sh', '-c', script, 'sh'], argument: '-', log: folder.file('log'), settings: { SAID: 'so' } },
    ...{ memoryMb: 3000, niceness: 10, ...more },
  })
const log = () => readFileSync(folder.file('log'), 'utf8')
const isAlive = (pid: number) => statOf(pid)?.isDead === false

describe.each([['of a thread', ENTRY], ['without one', undefined]])('a starter %s', (_, entry) => {
  beforeEach(() => void (starter = new WorkerStarter(entry)))

  it('gives a worker its settings, its niceness, its argument, and its directory later', async () => {
    const worker = started('read -r given; echo "$1 $SAID $given"; awk "{ print \\$19 }" /proc/self/stat; exit 3')
    worker.assign('/given/later')
    expect(await worker.ended).toEqual({ code: 3, signal: null })
    expect(log()).toBe(`- so /given/later\n${Math.min(19, getPriority() + 10)}\n`)
  })

  it('opens the log before it comes back, wherever its folder is moved then', async () => {
    mkdirSync(folder.file('draft'))
    const worker = started('echo here', { argument: 'task', log: folder.file('draft', 'log') })
    renameSync(folder.file('draft'), folder.file('task'))
    expect((await worker.ended).code).toBe(0)
    expect(readFileSync(folder.file('task', 'log'), 'utf8')).toBe('here\n')
    expect(() => started('', { log: folder.file('draft', 'log') })).toThrow('ENOENT')
  })

  it('kills a worker with what it started', async () => {
    const worker = started('sleep 1000 & echo $$ $!; wait')
    await expect.poll(() => existsSync(folder.file('log')) && log()).toMatch(/^\d+ \d+\n$/)
    const pids = log().trim().split(' ').map(Number)
    expect(pids.map(isAlive)).toEqual([true, true])
    await expect.poll(() => worker.pid).toBe(pids[0])
    worker.kill()
    expect(await worker.ended).toMatchObject({ code: null, signal: 'SIGKILL' })
    await expect.poll(() => pids.map(isAlive)).toEqual([false, false])
  })

  it('tells how one ended that could not be executed', async () => {
    const command = [folder.file('no-such-program')]
    const start = { command, argument: '-', log: folder.file('log'), settings: {}, memoryMb: 3000, niceness: 0 }
    expect((await starter.start(start).ended).code).toBe(127)
  })
})

describe('the thread', () => {
  it('takes its workers with it, however it ends', async () => {
    starter = new WorkerStarter(ENTRY)
    const worker = started('echo $$; exec sleep 1000')
    await expect.poll(() => existsSync(folder.file('log')) && log()).toMatch(/^\d+\n$/)
    await starter.close()
    expect((await worker.ended).error?.message).toBe('The thread that starts workers has ended')
    await expect.poll(() => isAlive(Number(log()))).toBe(false)
  })

  it('keeps a process from ending that waits for a worker, and no other', () => {
    const start = `{ command: ['sleep'], argument: '0.3', log: '/dev/null', settings: {}, memoryMb: 3000, niceness: 0 }`
    const script = `
      import { WorkerStarter } from ${JSON.stringify(join(installationRoot(), 'dist/src/runner/starter.js'))}
      const starter = new WorkerStarter(${JSON.stringify(ENTRY)})
      console.log(await starter.start(${start}).ended)`
    const said = spawnSync(execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', timeout: 30_000 })
    expect(said).toMatchObject({ status: 0, stdout: '{ code: 0, signal: null }\n' })
  })

  it.each([
    ['dies of an error', 'throw new Error("by the test")', 'by the test'],
    ['is not there', undefined, 'no-such-file'],
  ])('that %s costs the worker that it was to start; the next are started without it', async (_, death, why) => {
    const entry = join(folder.path, death === undefined ? 'no-such-file.js' : 'entry.mjs')
    if (death !== undefined) {
      const head = `import { parentPort } from 'node:worker_threads'\n`
      writeFileSync(entry, `${head}parentPort.on('message', () => { ${death} })\n`)
    }
    starter = new WorkerStarter(entry)
    expect((await started('').ended).error?.message).toContain(why)
    expect(await started('echo again').ended).toEqual({ code: 0, signal: null })
    expect(log()).toBe('again\n')
  })
})
