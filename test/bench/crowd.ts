/**
 * A crowd on the cores that there are: 20 tasks that run (real cores, real gdb), 200 who poll, 50 who follow, 5 who upload
 * and 20 whose uploads are refused, all the time for a minute. Nothing may be lost, and nobody waits long.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { designMembers, pack, tarOf } from '../helpers/archives.ts'
import { COSTLY } from '../helpers/costly_archives.ts'
import { crashWorld, runProgram, type Upload } from '../helpers/crash_world.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { serverSettings, startServerChild } from '../helpers/server.ts'
import { follow, type Place, send, startPollers, watchHealth } from './crowd_clients.ts'
import { absolute, type Figure, percentile } from './figure.ts'
import { residentMb } from './http.ts'
import type { Polled } from './pollers.ts'
import { freePort } from '../helpers/free_port.ts'

const SECONDS = 60
const RUNNING = 20
const UPLOADING = 5
const REFUSED = 20
const STREAMS = 50
const POLLERS = { pollers: 200, everyMs: 1000 }
/** Between two uploads of one client that is refused, in ms. */
const REST_MS = 500
const FOLLOWED = 10

export async function* figures(): AsyncGenerator<Figure> {
  await using folder = await temporaryFolder()
  await using world = await crashWorld(folder)
  const metrics = await freePort()
  const settings = {
    RETRACE_MAX_RUNNING_TASKS: String(RUNNING),
    RETRACE_MAX_QUEUED_TASKS: String(UPLOADING + REFUSED),
    RETRACE_TASK_MEMORY_MB: '256',
    RETRACE_METRICS_PORT: String(metrics),
  }
  const sync = await runProgram('abrt-reposync', { ...serverSettings(folder).settings, ...settings })
  if (sync.code !== 0) throw new Error(`abrt-reposync failed: ${sync.text}`)
  await using server = await startServerChild({ folder, settings })
  const pid = server.child.pid ?? 0
  const hostile = COSTLY.map(([, made]): Upload => ({ type: 'application/x-xz', body: pack('xz', made()) }))
  yield absolute('healthz-while-hostile-uploads-max', Math.max(...await healthWhile(server, hostile)), {
    unit: 'ms',
    goal: 250,
  })
  const idle = residentMb(pid)
  await lagOf(metrics) // from here on
  const crowd = await runCrowd(server, { good: Object.values(world.uploads), bad: [...hostile, ...WRONG] })
  const lag = await lagOf(metrics)
  yield absolute('crowd-lost', crowd.lost.length, {
    unit: `of ${crowd.accepted} tasks and ${crowd.followed} streams`,
    goal: 0,
  })
  yield absolute('crowd-status-p50', percentile(crowd.times, 50), { unit: 'ms', goal: 50 })
  yield absolute('crowd-status-p99', percentile(crowd.times, 99), { unit: 'ms', goal: 250 })
  yield absolute('crowd-healthz-max', Math.max(...crowd.health), { unit: 'ms', goal: 250 })
  yield absolute('crowd-event-loop-p99', lag, { unit: 'ms', goal: 50 })
  yield absolute('crowd-server-rss-peak', residentMb(pid, true) - idle, { unit: 'MiB more', goal: 160 })
  if (crowd.lost.length > 0) {
    const said = server.log().split('\n').filter((line) => /\b(ERR|WRN)\b/.test(line)).slice(-10).join('\n')
    throw new Error(`Lost: ${crowd.lost.slice(0, 20).join('; ')}\n${said}`)
  }
}

/** Refused before anything is read, at a member, and at the end. */
const WRONG: Upload[] = [
  { type: 'text/plain', body: new Uint8Array(100_000) },
  { type: 'application/x-tar', body: tarOf({ ...designMembers(new Uint8Array(2_000_000)), '../evil': 'x' }) },
  { type: 'application/x-xz', body: pack('xz', tarOf(designMembers(new Uint8Array(2_000_000)))).subarray(0, -40) },
]

/** Milliseconds of /healthz while each of these is uploaded, five at a time. */
async function healthWhile(place: Place, uploads: readonly Upload[]): Promise<number[]> {
  let isOver = false
  const health = watchHealth(place, () => isOver)
  for (const upload of uploads) {
    const all = await Promise.all(Array.from({ length: UPLOADING }, (_, each) => send(place, upload, each)))
    const accepted = all.filter(({ status }) => status < 400)
    if (accepted.length > 0) throw new Error(`A hostile upload was answered ${accepted[0]?.status}`)
  }
  isOver = true
  return await health
}

interface Crowd {
  accepted: number
  followed: number
  lost: string[]
  times: number[]
  health: number[]
}

async function runCrowd(place: Place, { good, bad }: { good: Upload[]; bad: Upload[] }): Promise<Crowd> {
  const crowd: Crowd = { accepted: 0, followed: 0, lost: [], times: [], health: [] }
  const pollers = startPollers(place, POLLERS)
  const recent: Polled[] = []
  const end = Date.now() + SECONDS * 1000
  const isOver = () => Date.now() > end
  const places = turns(UPLOADING)

  /** Uploads, waits for the end of the task by its events, and begins again. */
  const user = async (each: number) => {
    for (let round = each; !isOver(); round++) {
      const upload = good[round % good.length] as Upload
      const sent = await places(() => send(place, upload, each))
      if (sent.status !== 201) {
        crowd.lost.push(`an upload was answered ${sent.status} ${sent.text.slice(0, 80)}`)
        await pause(REST_MS)
        continue
      }
      crowd.accepted++
      const task = { id: String(sent.headers['x-task-id']), password: String(sent.headers['x-task-password']) }
      pollers.watch(task)
      recent.push(task)
      const last = await follow(place, task, each)
      if (last !== 'FINISHED_SUCCESS') crowd.lost.push(`task ${task.id}: ${last}`)
    }
  }
  const stranger = async (each: number) => {
    for (let round = each; !isOver(); round++) {
      const { status } = await send(place, bad[round % bad.length] as Upload, 100 + each)
      if (status < 400 || status >= 500) crowd.lost.push(`a bad upload was answered ${status}`)
      await pause(REST_MS)
    }
  }
  /** Besides the users themselves: others who follow the newest tasks. */
  const follower = async (each: number) => {
    while (!isOver()) {
      const task = recent.slice(-FOLLOWED)[Math.floor(Math.random() * FOLLOWED)]
      if (task === undefined) {
        await pause(100)
        continue
      }
      const last = await follow(place, task, each)
      crowd.followed++
      if (last !== 'FINISHED_SUCCESS') crowd.lost.push(`a stream of task ${task.id}: ${last}`)
      await pause(50)
    }
  }
  const many = (count: number, each: (each: number) => Promise<void>) =>
    Array.from({ length: count }, (_, at) => each(at))
  const health = watchHealth(place, isOver)
  await Promise.all([
    ...many(RUNNING + UPLOADING, user),
    ...many(REFUSED, stranger),
    ...many(STREAMS - RUNNING, follower),
  ])
  crowd.health = await health
  const polled = await pollers.end()
  crowd.times = polled.times
  crowd.lost.push(...polled.failures.map((failure) => `a status was answered ${failure}`))
  return crowd
}

/** Lets so many at once do something; the others wait for their turn. */
function turns(count: number): <T>(what: () => Promise<T>) => Promise<T> {
  let free = count
  const waiting: (() => void)[] = []
  return async (what) => {
    if (free > 0) free--
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await what()
    } finally {
      const next = waiting.shift()
      if (next === undefined) free++
      else next()
    }
  }
}

/** The delay of the server's event loop that 99 of 100 turns were under since it was asked last, in ms. */
async function lagOf(port: number): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  return Number(/^nodejs_eventloop_lag_p99_seconds (\S+)/m.exec(text)?.[1]) * 1000
}
