/** What single clients of the crowd do; each counts what it saw. */
import type { IncomingHttpHeaders } from 'node:http'
import { Agent, request } from 'node:https'
import { Worker } from 'node:worker_threads'
import type { Upload } from '../helpers/crash_world.ts'
import type { Polled, PollersEnd, PollersStart } from './pollers.ts'

export interface Place {
  readonly url: string
  readonly ca: string
}

export interface Sent {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/** POST /create, asynchronous, from an address of its own (the last byte is given). */
export async function send({ url, ca }: Place, upload: Upload, address: number): Promise<Sent> {
  const agent = new Agent({ ca })
  try {
    return await new Promise<Sent>((resolve, reject) => {
      const sending = request(`${url}/create`, {
        method: 'POST',
        agent,
        localAddress: `127.0.2.${1 + address % 200}`,
        timeout: 60_000,
        headers: {
          'Content-Type': upload.type,
          ...(upload.encoding !== undefined && { 'Content-Encoding': upload.encoding }),
          'Content-Length': String(upload.body.length),
          'Prefer': 'respond-async',
        },
      }, (answer) => {
        let text = ''
        answer.setEncoding('utf8').on('data', (chunk: string) => text += chunk)
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }))
        answer.on('error', reject)
      })
      sending.on('timeout', () => sending.destroy(new Error('no answer in 60 s')))
      sending.on('error', reject).end(upload.body)
    })
  } finally {
    agent.destroy()
  }
}

/** Follows the events of a task to their end; resolves to the last status, or to why there is none. */
export async function follow({ url, ca }: Place, { id, password }: Polled, address: number): Promise<string> {
  const agent = new Agent({ ca })
  try {
    return await new Promise<string>((resolve) => {
      const following = request(`${url}/${id}/events`, {
        agent,
        localAddress: `127.0.3.${1 + address % 50}`,
        headers: { 'X-Task-Password': password },
      }, (answer) => {
        let [status, tail] = ['', '']
        answer.setEncoding('utf8').on('data', (chunk: string) => {
          tail += chunk
          status = [...tail.matchAll(/FINISHED_\w+|PENDING/g)].at(-1)?.[0] ?? status
          tail = tail.slice(-40)
        })
        answer.on('end', () => resolve(status === '' ? `${answer.statusCode} ${tail}` : status))
        answer.on('error', (error) => resolve(error.message))
      })
      following.on('error', (error) => resolve(error.message)).end()
    })
  } finally {
    agent.destroy()
  }
}

/** One task from its upload to its end, by an address of its own. Throws when it was not taken, or ended without a backtrace. */
export async function retraceOne(place: Place, upload: Upload, address: number): Promise<void> {
  const sent = await send(place, upload, address)
  if (sent.status !== 201) throw new Error(`An upload was answered ${sent.status} ${sent.text}`)
  const task = { id: String(sent.headers['x-task-id']), password: String(sent.headers['x-task-password']) }
  const end = await follow(place, task, address)
  if (end !== 'FINISHED_SUCCESS') throw new Error(`Task ${task.id}: ${end}`)
}

export interface Pollers {
  /** From now on they ask for this task, too. */
  watch(task: Polled): void
  /** What they saw. */
  end(): Promise<PollersEnd>
}

/** Many who poll, in a thread of their own. */
export function startPollers(place: Place, numbers: Pick<PollersStart, 'pollers' | 'everyMs'>): Pollers {
  const workerData: PollersStart = { url: place.url, ca: place.ca, ...numbers }
  const thread = new Worker(new URL('./pollers.js', import.meta.url), { workerData })
  return {
    watch: ({ id, password }: Polled) => thread.postMessage({ id, password }),
    end: () =>
      new Promise<PollersEnd>((resolve, reject) => {
        thread.once('message', resolve).once('error', reject)
        thread.postMessage('end')
      }),
  }
}

/** Milliseconds that /healthz took, asked again and again over one connection until `isOver`. */
export async function watchHealth({ url, ca }: Place, isOver: () => boolean): Promise<number[]> {
  const agent = new Agent({ ca, keepAlive: true, maxSockets: 1 })
  const times: number[] = []
  while (!isOver()) {
    const begin = performance.now()
    const status = await new Promise<number>((resolve, reject) => {
      request(`${url}/healthz`, { agent }, (answer) => {
        answer.resume().on('end', () => resolve(answer.statusCode ?? 0))
      }).on('error', reject).end()
    })
    if (status !== 200) throw new Error(`/healthz: ${status}`)
    times.push(performance.now() - begin)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  agent.destroy()
  return times
}
