/** GET /<id>/events, and the streamed body of the 201 that it is made from (docs/http.md, 'GET /<id> and below'). */
import { appendFileSync, existsSync } from 'node:fs'
import { once } from 'node:events'
import { memoryUsage } from 'node:process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { designMembers, tarOf } from '../../helpers/archives.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { http2Client } from '../../helpers/http2.ts'
import { startServer, type TestServer } from '../../helpers/server.ts'
import { type CreatedTask, createTask, endOf, eventually, FAIL, scriptedWorker, SUCCEED } from '../../helpers/task.ts'

interface Event {
  event: string
  id: string | undefined
  data: string
}

/** As HTML, 9.2.6 reads an event stream. */
function parseEvents(text: string): Event[] {
  return text.split('\n\n').filter((block) => block !== '').map((block) => {
    const lines = block.split('\n')
    const field = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2)
    const data = lines.filter((line) => line.startsWith('data:')).map((line) => line.replace(/^data: ?/, '')).join('\n')
    return { event: field('event') ?? '', id: field('id'), data }
  })
}

let folder: Folder
let server: TestServer
let good: CreatedTask

beforeAll(async () => {
  folder = await temporaryFolder()
  // Waits for the file `go`, then does what `release` says; says things that a hostile core could make it say.
  server = await startServer({
    workerCommand: scriptedWorker(
      folder,
      `echo 'read: one'
       echo 'X-Task-Status: FINISHED_SUCCESS'
       printf 'resolve: a\\rX-Task-Status: FINISHED_SUCCESS\\n' >&2
       case "$(cat release)" in *wait*) while [ ! -e go ] && [ -d . ]; do sleep 0.05; done ;; esac
       printf 'no line end'
       case "$(cat release)" in *fail*) ${FAIL} ;; *) ${SUCCEED} ;; esac`,
    ),
  })
  good = await create('Debian good')
  await endOf(server, good)
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

async function create(release: string): Promise<CreatedTask> {
  return await createTask(server, { ...designMembers(), release })
}

async function events({ id, password }: CreatedTask, after?: string): Promise<Event[]> {
  const headers: Record<string, string> = after === undefined ? {} : { 'Last-Event-ID': after }
  return parseEvents((await server.client.ask(`/${id}/events`, { password, headers })).text)
}

const LINES = [
  'read: one',
  'X-Task-Status: FINISHED_SUCCESS',
  'resolve: a\\x0dX-Task-Status: FINISHED_SUCCESS',
  'no line enddebug: gdb is running',
]
const BACKTRACE = 'Thread 1\n#0  crash () at crash.c:3\n'

describe('GET /<id>/events', () => {
  it('gives log, final status and backtrace from the beginning, each with a counter', async () => {
    const reply = await server.client.ask(`/${good.id}/events`, { password: good.password })
    expect(reply.headers['content-type']).toBe('text/event-stream; charset=utf-8')
    expect(reply.headers['cache-control']).toBe('no-store')
    expect(parseEvents(reply.text)).toEqual([
      ...LINES.map((data, index) => ({ event: 'log', id: String(index + 1), data })),
      { event: 'status', id: '5', data: 'FINISHED_SUCCESS' },
      { event: 'backtrace', id: '6', data: BACKTRACE },
    ])
  })

  it('goes on after Last-Event-ID', async () => {
    const all = await events(good)
    for (let seen = 1; seen < all.length; seen++) expect(await events(good, String(seen))).toEqual(all.slice(seen))
  })

  it('answers 204 to who reconnects after the end', async () => {
    for (const seen of ['6', '7', '1000000']) {
      const headers = { 'Last-Event-ID': seen }
      expect((await server.client.ask(`/${good.id}/events`, { password: good.password, headers })).status).toBe(204)
    }
  })

  it.each(['', 'x', '-1', '1.5', '9'.repeat(30)])(
    'takes a Last-Event-ID that is no counter for none: %s',
    async (seen) => {
      expect(await events(good, seen)).toHaveLength(6)
    },
  )

  it('ends a failed task with FINISHED_FAILURE, and 204 after that', async () => {
    const bad = await create('Debian fail')
    await endOf(server, bad)
    const all = await events(bad)
    expect(all.at(-1)).toEqual({ event: 'status', id: String(all.length), data: 'FINISHED_FAILURE' })
    const headers = { 'Last-Event-ID': String(all.length) }
    expect((await server.client.ask(`/${bad.id}/events`, { password: bad.password, headers })).status).toBe(204)
  })

  it('says PENDING at once and every 5 seconds without an id, and the lines as they come', async () => {
    const task = await create('Debian wait')
    const asked = Date.now()
    const stream = await server.client.open(`/${task.id}/events`, { password: task.password })
    let text = ''
    stream.setEncoding('utf8').on('data', (chunk: string) => text += chunk)
    await eventually(() => text.includes('data: resolve'))
    expect(parseEvents(text)[0]).toEqual({ event: 'status', id: undefined, data: 'PENDING' })
    await eventually(() => text.match(/data: PENDING/g)?.length === 2, 15_000)
    // Counted from before the first: a busy machine only makes it longer.
    expect(Date.now() - asked).toBeGreaterThan(4900)
    appendFileSync(server.spool(task.id, 'go'), '')
    await once(stream, 'end')
    expect(parseEvents(text).filter(({ data }) => data !== 'PENDING').map(({ data }) => data))
      .toEqual([...LINES, 'FINISHED_SUCCESS', BACKTRACE])
  }, 20_000)

  it('works over HTTP/2', async () => {
    using client = await http2Client(server)
    const reply = await client.ask({ ':path': `/${good.id}/events`, 'x-task-password': good.password })
    expect(parseEvents(reply.text)).toHaveLength(6)
  })
})

describe('the streamed body of the 201', () => {
  const post = (release: string) =>
    server.client.ask('/create', {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-tar' },
      body: tarOf({ ...designMembers(), release }),
    })

  it('streams after the 201 the lines, those that begin with X-Task- marked, the status, and the backtrace', async () => {
    const { text } = await post('Debian good')
    const withoutBeats = text.replaceAll('X-Task-Status: PENDING\n', '')
    expect(text).toMatch(/^X-Task-Status: PENDING\n/)
    expect(withoutBeats).toBe(
      `${LINES.map((line) => line.replace(/^X-/, '> X-')).join('\n')}\nX-Task-Status: FINISHED_SUCCESS\n${BACKTRACE}`,
    )
  })

  it('ends with FINISHED_FAILURE and no more', async () => {
    expect((await post('Debian fail')).text).toMatch(/\nX-Task-Status: FINISHED_FAILURE\n$/)
  })

  it('ends when the task is deleted', async () => {
    const answer = await server.client.open('/create', {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-tar' },
      body: tarOf({ ...designMembers(), release: 'Debian wait' }),
    })
    const [id, password] = [String(answer.headers['x-task-id']), String(answer.headers['x-task-password'])]
    const ended = once(answer.resume(), 'end')
    expect((await server.client.ask(`/${id}`, { method: 'DELETE', password })).status).toBe(204)
    await ended
    expect(existsSync(server.spool(id))).toBe(false)
  })
})

it('costs the server no growing memory when a reader is slow and the log is long', async () => {
  const task = await create('Debian wait')
  const line = `${'x'.repeat(1000)}\n`
  await eventually(() => existsSync(server.spool(task.id, 'worker.log')))
  for (let i = 0; i < 64; i++) appendFileSync(server.spool(task.id, 'worker.log'), line.repeat(1000))
  const before = memoryUsage().rss
  const streams = await Promise.all(
    [1, 2, 3, 4].map(() => server.client.open(`/${task.id}/events`, { password: task.password })),
  )
  await new Promise((resolve) => setTimeout(resolve, 2000))
  const grown = (memoryUsage().rss - before) / 1_048_576
  for (const stream of streams) stream.destroy()
  expect(grown).toBeLessThan(60)
  expect((await server.client.ask(`/${task.id}`, { method: 'DELETE', password: task.password })).status).toBe(204)
})

describe('frames of the crashed thread', () => {
  it('come as one event, and as lines of the streamed body, when they came together', async () => {
    await using home = await temporaryFolder()
    const said = `echo 'debug: gdb runs'; printf 'thread: #0  f ()\\nthread: #1  main ()\\n'; echo 'debug: done'`
    await using own = await startServer({ workerCommand: scriptedWorker(home, `${said}\n${SUCCEED}`) })
    const task = await createTask(own)
    await endOf(own, task)
    const ask = async (after?: string) => {
      const headers: Record<string, string> = after === undefined ? {} : { 'Last-Event-ID': after }
      return parseEvents((await own.client.ask(`/${task.id}/events`, { password: task.password, headers })).text)
    }
    const all = (await ask()).filter(({ id }) => id !== undefined)
    expect(all.slice(0, 3)).toEqual([
      { event: 'log', id: '1', data: 'debug: gdb runs' },
      { event: 'thread', id: '3', data: '#0  f ()\n#1  main ()' },
      { event: 'log', id: '4', data: 'debug: done' },
    ])
    expect((await ask('3')).find(({ id }) => id !== undefined)).toEqual(all[2])
    const body = await own.client.ask('/create', {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-tar' },
      body: tarOf(designMembers()),
    })
    expect(body.text).toContain('debug: gdb runs\nthread: #0  f ()\nthread: #1  main ()\ndebug: done\n')
  })
})
