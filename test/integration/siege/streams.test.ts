/** What one connection, or all watchers of one task, can take of a server: streams, descriptors, requests taken back. */
import { once } from 'node:events'
import { constants } from 'node:http2'
import { pid } from 'node:process'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openFiles } from '../../../src/process/proc.ts'
import { MAX_RESETS } from '../../../src/server/resets.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { http2Client } from '../../helpers/http2.ts'
import { startServer, type TestServer } from '../../helpers/server.ts'
import { type CreatedTask, createTask, eventually, scriptedWorker } from '../../helpers/task.ts'

const LIMIT = 20
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
