/**
 * A thread that polls as many clients do: each over a connection of its own, the status of one of the tasks that it was told.
 * They come over ten seconds from the first task on, from fifty addresses, so that limits per address see many. Ends when it is told to, with the
 * milliseconds of each answer, the first ones included, and what was no 200.
 */
import { Agent, request } from 'node:https'
import { setTimeout as pause } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'

export interface PollersStart {
  url: string
  ca: string
  pollers: number
  everyMs: number
}

export interface PollersEnd {
  times: number[]
  failures: string[]
}

export interface Polled {
  id: string
  password: string
}

const { url, ca, pollers, everyMs } = workerData as PollersStart
const ARRIVAL_MS = 10_000

const recent: Polled[] = []
let told = () => {}
const isFirstTold = new Promise<void>((resolve) => told = resolve)
const end: PollersEnd = { times: [], failures: [] }
let isOver = false

parentPort?.on('message', (message: Polled | 'end') => {
  if (message !== 'end') {
    recent.push(message)
    if (recent.length > 60) recent.shift()
    told()
    return
  }
  isOver = true
  told()
})

async function poll(each: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca })
  const localAddress = `127.0.1.${1 + each % 50}`
  await isFirstTold
  await pause(Math.random() * ARRIVAL_MS)
  while (!isOver) {
    const task = recent[Math.floor(Math.random() * recent.length)]
    if (task !== undefined) {
      const begin = performance.now()
      const status = await new Promise<number | string>((resolve) => {
        const options = { agent, localAddress, headers: { 'X-Task-Password': task.password }, timeout: 30_000 }
        const asking = request(`${url}/${task.id}`, options, (answer) => {
          answer.resume().on('end', () => resolve(answer.statusCode ?? 0))
        })
        asking.on('timeout', () => asking.destroy(new Error('no answer in 30 s')))
        asking.on('error', (error) => resolve(error.message)).end()
      })
      if (status === 200) end.times.push(performance.now() - begin)
      else end.failures.push(String(status))
    }
    await pause(everyMs * (0.8 + Math.random() * 0.4))
  }
  agent.destroy()
}

await Promise.all(Array.from({ length: pollers }, (_, each) => poll(each)))
parentPort?.postMessage(end)
parentPort?.close()
