/** Who goes first where processor time is scarce. */
import { existsSync, readFileSync } from 'node:fs'
import { getPriority } from 'node:os'
import { describe, expect, it } from 'vitest'
import { startInside } from '../../../src/process/inside.ts'
import { autogroupOf, childrenOf } from '../../../src/process/proc.ts'
import { systemSandbox } from '../../../src/process/system.ts'
import { startWorker } from '../../../src/runner/worker_process.ts'
import { temporaryFolder } from '../../helpers/folder.ts'

describe('a worker', () => {
  it('stands back behind the server, with all that it starts', async () => {
    await using folder = await temporaryFolder()
    const own = getPriority()
    const log = folder.file('log')
    const script = `awk '{ print $19 }' /proc/self/stat`
    const worker = startWorker({
      command: ['sh', '-c', script],
      argument: '-',
      log,
      settings: {},
      memoryMb: 3000,
      niceness: 10,
    })
    expect((await worker.ended).code).toBe(0)
    expect(Number(readFileSync(log, 'utf8'))).toBe(Math.min(19, own + 10))
    worker.assign('')
  })

  it('has a memory limit of its own, which what it starts may change', async () => {
    await using folder = await temporaryFolder()
    const log = folder.file('log')
    const script = `awk '/^Max data size/ { print $4, $5 }' /proc/self/limits`
    const worker = startWorker({
      command: ['sh', '-c', script],
      argument: '-',
      log,
      settings: {},
      memoryMb: 3000,
      niceness: 10,
    })
    expect((await worker.ended).code).toBe(0)
    expect(readFileSync(log, 'utf8')).toMatch(/^3145728000 (unlimited|[0-9]+)\n$/)
    worker.assign('')
  })
})

// Where each session is a group of the scheduler (sched(7)), nice(2) weighs within the session alone.
describe.runIf(existsSync('/proc/self/autogroup'))('a session', () => {
  it('of a worker stands back as a whole', async () => {
    await using folder = await temporaryFolder()
    const log = folder.file('log')
    const script = 'read -r _; cat /proc/self/autogroup'
    const worker = startWorker({
      command: ['sh', '-c', script],
      argument: '-',
      log,
      settings: {},
      memoryMb: 3000,
      niceness: 10,
    })
    worker.assign('')
    expect((await worker.ended).code).toBe(0)
    expect(readFileSync(log, 'utf8')).toMatch(/^\/autogroup-\d+ nice 10\n$/)
  })

  it('of a program behind the wall stands back with all that is in it', async () => {
    const limits = { addressSpace: 1e9, cpuS: 10, fileBytes: 0, openFiles: 64, processes: 8 }
    const sandbox = systemSandbox('cat', { name: 'trial', args: [], limits })
    await using running = await startInside(sandbox, { input: 'open', niceness: 7 })
    running.input.write('x')
    for await (const _ of running.output) break
    const pid = running.pid ?? 0
    const groups = () => descendants(pid).map((each) => autogroupOf(each)?.niceness)
    await expect.poll(groups, { timeout: 20_000 }).toEqual([7, 7, 7])
  })
})

function descendants(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(descendants)]
}
