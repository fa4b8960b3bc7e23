/**
 * Figures of the interface: status with few and with many tasks in the spool, over one kept TLS connection to the built
 * server.
 */
import { readFileSync } from 'node:fs'
import { temporaryFolder } from '../helpers/folder.ts'
import { startServerChild, type TestServer } from '../helpers/server.ts'
import { absolute, against, type Figure, percentile } from './figure.ts'
import { GOALS } from './goals.ts'
import { fillSpool, PASSWORD } from './spool.ts'

const REQUESTS = 3000
/** Behind one that does not count: the spool was filled in the moment before. */
const STARTS = 5

export async function* figures(): AsyncGenerator<Figure> {
  const few = await measure(100)
  const many = await measure(10_000)
  yield absolute('status-10000-tasks-p99', percentile(many.times, 99), {
    unit: 'ms',
    goal: GOALS['status-10000-tasks-p99'],
  })
  yield absolute('status-10000-tasks-p50', percentile(many.times, 50), { unit: 'ms', goal: 2 })
  yield against('status-10000-over-100-tasks', {
    ours: percentile(many.times, 50),
    theirs: percentile(few.times, 50),
  }, { unit: 'ms', goal: GOALS['status-10000-over-100-tasks'] })
  yield absolute('status-one-connection', many.mean, { unit: 'ms/request', goal: GOALS['status-one-connection'] })
  yield absolute('server-start-10000-tasks', many.start, { unit: 's', goal: GOALS['server-start-10000-tasks'] })
  yield absolute('server-rss-after-status', many.rss, { unit: 'MiB', goal: GOALS['server-rss-after-status'] })
}

interface Measured {
  /** Milliseconds of each request. */
  times: number[]
  mean: number
  /** Seconds until it listened, the median of some starts. */
  start: number
  rss: number
}

async function measure(tasks: number): Promise<Measured> {
  await using folder = await temporaryFolder()
  fillSpool(folder, tasks)
  const starts: number[] = []
  const start = async () => {
    const began = performance.now()
    const server = await startServerChild({ folder })
    starts.push((performance.now() - began) / 1000)
    return server
  }
  for (let each = 0; each < STARTS; each++) await (await start())[Symbol.asyncDispose]()
  await using server = await start()
  const times = await statusTimes(server, { tasks, requests: REQUESTS })
  const mean = times.reduce((sum, time) => sum + time, 0) / times.length
  return { times, mean, start: percentile(starts.slice(1), 50), rss: residentMb(server.child.pid ?? 0) }
}

/**
 * Milliseconds of status requests for random tasks, one after the other on a kept connection, after some that do not
 * count.
 */
export async function statusTimes(
  { client }: Pick<TestServer, 'client'>,
  { tasks, requests }: { tasks: number; requests: number },
): Promise<number[]> {
  const times: number[] = []
  for (let i = -500; i < requests; i++) {
    const id = 1 + Math.floor(Math.random() * tasks)
    const begin = performance.now()
    const reply = await client.ask(`/${id}`, { password: PASSWORD })
    if (reply.headers['x-task-status'] !== 'FINISHED_SUCCESS') throw new Error(`Task ${id}: ${reply.status}`)
    if (i >= 0) times.push(performance.now() - begin)
  }
  return times
}

/** VmRSS of a process, and with `peak` VmHWM, in MiB. */
export function residentMb(pid: number, peak = false): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(new RegExp(`^${peak ? 'VmHWM' : 'VmRSS'}:\\s+([0-9]+)`, 'm').exec(status)?.[1] ?? NaN) / 1024
}
