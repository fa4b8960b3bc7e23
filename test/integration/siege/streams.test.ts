/** What one connection, or all watchers of one task, can take of a server: streams, descriptors, requests taken back. */
import { once } from 'node:events'
import { constants, type OutgoingHttpHeaders } from 'node:http2'
import { pid } from 'node:process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openFiles } from '../../../src/process/proc.ts'
import { MAX_TAKEN_BACK } from '../../../src/http/taken_back.ts'
import { MAX_RESETS } from '../../../src/server/resets.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { type Http2Client, http2Client } from '../../helpers/http2.ts'
import { startServer, type TestServer } from '../../helpers/server.ts'
import { type CreatedTask, createTask, eventually, scriptedWorker } from '../../helpers/task.ts'

const LIMIT = 20
const CLIENT_LIMIT = 20
let folder: Folder
let server: TestServer
let task: CreatedTask

beforeAll(async () => {
  folder = await temporaryFolder()
  server = await startServer({
    workerCommand: scriptedWorker(folder, "echo 'read: one'\nwhile [ -d . ]; do sleep 0.1; done"),
    settings: { RETRACE_MAX_STREAMS_PER_TASK: String(LIMIT) },
  })
  task = await createTask(server)
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

/** Opens streams of the task's events on one connection; the status of each, once it has had its first line of the log. */
async function watch(session: Awaited<ReturnType<typeof http2Client>>['session'], streams: number): Promise<number[]> {
  return await Promise.all(Array.from({ length: streams }, async () => {
    const stream = session.request({ ':path': `/${task.id}/events`, 'x-task-password': task.password })
    stream.on('error', () => undefined).setEncoding('utf8')
    let text = ''
    stream.on('data', (chunk: string) => text += chunk)
    const [headers] = await once(stream, 'response') as [Record<string, unknown>]
    const status = Number(headers[':status'])
    if (status === 200) await eventually(() => text.includes('read: one'))
    else expect(String(text || 'RETRACE_MAX_STREAMS_PER_TASK')).toContain('RETRACE_MAX_STREAMS_PER_TASK')
    return status
  }))
}

it('bounds the streams of one task, which hold no descriptor of its log, and gives their places back', async () => {
  {
    using client = await http2Client(server)
    using other = await http2Client(server)
    const statuses = [...await watch(client.session, 15), ...await watch(other.session, 15)]
    expect(statuses.filter((status) => status === 200)).toHaveLength(LIMIT)
    expect(statuses.filter((status) => status === 429)).toHaveLength(10)
    expect([...openFiles(pid).values()].filter((path) => path.startsWith(server.config.spoolDir + '/1/'))).toEqual([])
  }
  await eventually(async () => {
    using client = await http2Client(server)
    return (await watch(client.session, 1))[0] === 200
  })
})

it('ends a connection on which very many requests are taken back, and no other', async () => {
  using calm = await http2Client(server)
  using client = await http2Client(server)
  let code: number | undefined
  client.session.on('goaway', (error: number) => code = error)
  for (let round = 0; round < MAX_RESETS + 50 && !client.session.destroyed; round++) {
    const stream = client.session.request({ ':path': `/${task.id}/events`, 'x-task-password': task.password })
    stream.on('error', () => undefined)
    await new Promise((resolve) => setTimeout(resolve, 2))
    stream.close(constants.NGHTTP2_CANCEL)
  }
  await eventually(() => client.session.destroyed)
  expect(code).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM)
  expect((await calm.ask({ ':path': '/healthz' })).status).toBe(200)
})

/** Opens some streams, waits for their answers, and takes back all; how many of those had begun. */
async function takeBack({ session }: Http2Client, headers: OutgoingHttpHeaders, streams: number): Promise<number> {
  const begun = await Promise.all(Array.from({ length: streams }, async () => {
    if (session.destroyed) return 0
    const stream = session.request(headers)
    stream.on('error', () => undefined).resume()
    const status = await new Promise<number>((resolve) => {
      stream.once('response', (answer) => resolve(Number(answer[':status']))).once('close', () => resolve(0))
    })
    stream.close(constants.NGHTTP2_CANCEL)
    return status === 200 ? 1 : 0
  }))
  return begun.filter((each) => each === 1).length
}

it('refuses a client that takes back very many on new connections, too', async () => {
  const headers = { ':path': `/${task.id}/events`, 'x-task-password': task.password }
  using polite = await http2Client(server)
  const isRefused = async () => (await polite.ask({ ':path': '/healthz' })).text.includes('took back')
  for (let taken = 0; taken < 2 * MAX_TAKEN_BACK && !await isRefused();) {
    using client = await http2Client(server)
    for (let rounds = 0; rounds < 4; rounds++) taken += await takeBack(client, headers, LIMIT)
  }
  expect(await isRefused()).toBe(true)
})

describe('behind a trusted proxy', () => {
  let proxied: TestServer
  let running: CreatedTask
  let plain: Folder
  beforeAll(async () => {
    plain = await temporaryFolder()
    proxied = await startServer({
      workerCommand: scriptedWorker(plain, "echo 'read: one'\nwhile [ -d . ]; do sleep 0.1; done"),
      settings: {
        RETRACE_TRUST_PROXY: '127.0.0.1',
        RETRACE_MAX_STREAMS_PER_TASK: '50',
        RETRACE_MAX_CONNECTIONS_PER_CLIENT: String(CLIENT_LIMIT),
      },
    })
    running = await createTask(proxied)
  })
  afterAll(async () => {
    await proxied[Symbol.asyncDispose]()
    await plain[Symbol.asyncDispose]()
  })

  const asking = (forwarded: string, path: string) => ({
    ':path': path,
    'x-forwarded-proto': 'https',
    'x-forwarded-for': forwarded,
    'x-task-password': running.password,
  })

  it('lets one client have as many requests in work as it may have connections, on whatever connections of the proxy', async () => {
    using one = await http2Client(proxied)
    using other = await http2Client(proxied)
    const statuses: number[] = []
    for (let asked = 0; asked < CLIENT_LIMIT + 3; asked++) {
      const { session } = asked % 2 === 0 ? one : other
      // The proxy's word counts, not the client's own before it.
      const stream = session.request(asking(`198.51.100.${asked}, 203.0.113.7`, `/${running.id}/events`))
      stream.on('error', () => undefined).resume()
      const [headers] = await once(stream, 'response') as [Record<string, unknown>]
      statuses.push(Number(headers[':status']))
    }
    expect(statuses).toEqual([...Array(CLIENT_LIMIT).fill(200), 429, 429, 429])
    const refused = await one.ask(asking('203.0.113.7', '/settings'))
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '10'])
    expect(refused.text).toContain('RETRACE_MAX_CONNECTIONS_PER_CLIENT')
    expect((await one.ask(asking('203.0.113.8', '/settings'))).status).toBe(200)
  })

  it('refuses who takes back very many requests, and ends no connection that is of others, too', async () => {
    using client = await http2Client(proxied)
    const isRefused = async () => (await client.ask(asking('203.0.113.9', '/healthz'))).text.includes('took back')
    for (let taken = 0; taken < 2 * MAX_TAKEN_BACK && !await isRefused();) {
      taken += await takeBack(client, asking('203.0.113.9', `/${running.id}/events`), CLIENT_LIMIT)
    }
    expect(await isRefused()).toBe(true)
    expect((await client.ask(asking('203.0.113.10', '/healthz'))).status).toBe(200)
    expect(client.session.destroyed).toBe(false)
  })
})
