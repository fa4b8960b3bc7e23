/** The paths of a task: status, results, removal (docs/http.md, 'GET /<id> and below'). */
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { http2Client } from '../../helpers/http2.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { startServer, type TestServer } from '../../helpers/server.ts'
import { type CreatedTask, createTask, endOf, eventually, FAIL, scriptedWorker, SUCCEED } from '../../helpers/task.ts'

const JSON_PLEASE = { Accept: 'application/json' }

let folder: Folder
let server: TestServer
/** One task that ended well, one that failed, one that runs until it is deleted. */
let tasks: { good: CreatedTask; bad: CreatedTask; running: CreatedTask }

beforeAll(async () => {
  folder = await temporaryFolder()
  const run = `case "$(cat release)" in
    *fail*) ${FAIL} ;;
    *run*) echo fetch > step; echo 'fetch: libc6-dbg 2.36 (7.4 MB)'; echo 'debug: no step' >&2; sleep 300 & wait ;;
    *) ${SUCCEED} ;;
  esac`
  server = await startServer({ workerCommand: scriptedWorker(folder, run) })
  tasks = { good: await create('Debian good'), bad: await create('Debian fail'), running: await create('Debian run') }
  await endOf(server, tasks.good)
  await endOf(server, tasks.bad)
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

async function create(release: string): Promise<CreatedTask> {
  return await createTask(server, {
    coredump: 'core',
    architecture: 'x86_64',
    release,
    packages: 'bash_5.2.15-2+b7_amd64',
  })
}

describe('every path of a task', () => {
  it.each([['', ''], [' ', ' '], ['\t', '\t'], ['  \t ', '\t  '], ['', ' '], [' ', '']])(
    'takes a password with blanks around it, by HTTP/1.1 and HTTP/2 alike: %j %j',
    async (before, after) => {
      const password = `${before}${tasks.good.password}${after}`
      const old = await server.client.ask(`/${tasks.good.id}`, { password })
      using http2 = await http2Client(server)
      const path = { ':path': `/${tasks.good.id}`, 'x-task-password': password }
      const { status, text } = await http2.ask(path)
      expect(old.status).toBe(200)
      // A Node that does not know strictFieldWhitespaceValidation leaves such a field out.
      if (status !== 200) expect(text).toContain('by HTTP/2 without blanks around it')
    },
  )

  it.each(['\u00a0', 'x', ',', '"'])('refuses a password with something else behind it, by both: %j', async (after) => {
    const password = `${tasks.good.password}${after}`
    using http2 = await http2Client(server)
    const path = { ':path': `/${tasks.good.id}`, 'x-task-password': password }
    expect((await server.client.ask(`/${tasks.good.id}`, { password })).status).toBe(403)
    expect((await http2.ask(path)).status).toBe(403)
  })

  const paths = ['', '/backtrace', '/log', '/modules', '/exploitable', '/events']

  it.each(paths)('answers 404 for an id that does not exist: /999%s', async (path) => {
    const reply = await server.client.ask(`/999${path}`, { password: tasks.good.password })
    expect(reply.status).toBe(404)
    expect(reply.headers['cache-control']).toBe('no-store')
  })

  it.each(['0', '01', '-1', '1a', '1.0', 'x', '99999999999999999999999', '9'.repeat(4000)])(
    'answers 404 for what is no id: %s',
    async (id) => {
      for (const path of paths) {
        expect((await server.client.ask(`/${id}${path}`, { password: tasks.good.password })).status).toBe(404)
      }
    },
  )

  it.each(paths)('answers 403 without the right password, whether or not there is a result: /<id>%s', async (path) => {
    for (const { id, password } of Object.values(tasks)) {
      for (
        const wrong of [undefined, '', 'x', password.slice(1), `${password}x`, password.toUpperCase(), 'x'.repeat(22)]
      ) {
        const reply = await server.client.ask(`/${id}${path}`, wrong === undefined ? {} : { password: wrong })
        expect(reply.status).toBe(403)
        expect(reply.headers['cache-control']).toBe('no-store')
        expect(reply.text).not.toContain(password)
      }
    }
  })

  it.each(paths)('answers HEAD as GET, without the body: /<id>%s', async (path) => {
    const { id, password } = tasks.good
    const get = path === '/events' ? undefined : await server.client.ask(`/${id}${path}`, { password })
    const head = await server.client.ask(`/${id}${path}`, { method: 'HEAD', password })
    expect(head.body.length).toBe(0)
    expect(head.status).toBe(get?.status ?? 200)
    if (get !== undefined) expect(head.headers['content-length']).toBe(String(get.body.length))
    expect(head.headers['content-type']).toBe(get?.headers['content-type'] ?? 'text/event-stream; charset=utf-8')
  })

  it.each([
    ['', 'GET, HEAD, DELETE'],
    ['/backtrace', 'GET, HEAD'],
    ['/log', 'GET, HEAD'],
    ['/modules', 'GET, HEAD'],
    ['/exploitable', 'GET, HEAD'],
    ['/events', 'GET, HEAD'],
    ['/delete', 'POST'],
  ])('answers 405 with Allow to other methods: /<id>%s', async (path, allow) => {
    for (const method of ['PUT', 'PATCH', 'OPTIONS', ...(path === '/delete' ? ['GET', 'DELETE'] : ['POST'])]) {
      const reply = await server.client.ask(`/${tasks.good.id}${path}`, { method, password: tasks.good.password })
      expect([method, reply.status, reply.headers.allow]).toEqual([method, 405, allow])
      expect(reply.headers['access-control-allow-origin']).toBeUndefined()
    }
  })
})

describe('GET /<id>', () => {
  it('says FINISHED_SUCCESS with the outcome when backtrace and log are there', async () => {
    const { id, password } = tasks.good
    const reply = await server.client.ask(`/${id}`, { password })
    expect(reply.status).toBe(200)
    expect(reply.headers['x-task-status']).toBe('FINISHED_SUCCESS')
    expect(reply.headers['content-type']).toBe('text/plain; charset=utf-8')
    expect(reply.text).toBe('All is well.\n')
  })

  it('says FINISHED_FAILURE, why, and what to do next', async () => {
    const { id, password } = tasks.bad
    const reply = await server.client.ask(`/${id}`, { password })
    expect(reply.headers['x-task-status']).toBe('FINISHED_FAILURE')
    expect(reply.text).toBe('The core is no ELF file. Send the core itself.\n')
  })

  it('says PENDING and what is being done now', async () => {
    const { id, password } = tasks.running
    await eventually(async () => (await server.client.ask(`/${id}`, { password })).text.includes('no step'))
    const reply = await server.client.ask(`/${id}`, { password })
    expect(reply.headers['x-task-status']).toBe('PENDING')
    expect(reply.text).toBe('The task runs: debug: no step\n')
  })

  it('gives all of it as JSON to who prefers that', async () => {
    const ask = async ({ id, password }: CreatedTask) =>
      (await server.client.ask(`/${id}`, { password, headers: JSON_PLEASE })).json()
    const good = await ask(tasks.good)
    expect(good).toMatchObject({
      state: 'FINISHED_SUCCESS',
      step: null,
      queue_position: null,
      outcome: { code: 'ok', summary: 'All is well.', next_step: null },
    })
    const times = ['created', 'started', 'finished'].map((key) => new Date(String(good[key])).getTime())
    expect(times.every((time) => Math.abs(time - Date.now()) < 60_000)).toBe(true)
    expect(times).toEqual([...times].sort())
    expect(Number.isInteger(good.estimate)).toBe(true)
    expect(await ask(tasks.bad)).toMatchObject({ state: 'FINISHED_FAILURE', outcome: { code: 'core-not-elf' } })
    expect(await ask(tasks.running)).toMatchObject({ state: 'PENDING', step: 'fetch', finished: null, outcome: null })
  })

  it.each([
    ['application/json', 'application/json'],
    ['application/json, text/plain, */*', 'application/json'],
    ['APPLICATION/JSON;q=0.5', 'application/json'],
    ['text/html;q=0.8, application/json;q=0.9, */*;q=0.8', 'application/json'],
    ['text/plain, application/json;q=0.5', 'text/plain; charset=utf-8'],
    ['text/plain, text/html;q=0.5', 'text/plain; charset=utf-8'],
    ['application/json;q=0', 'text/plain; charset=utf-8'],
    ['*/*', 'text/plain; charset=utf-8'],
    ['text/html', 'text/html; charset=utf-8'],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'text/html; charset=utf-8'],
  ])('takes Accept: %s for %s', async (accept, type) => {
    const { id, password } = tasks.good
    const reply = await server.client.ask(`/${id}`, { password, headers: { Accept: accept } })
    expect(reply.headers['content-type']).toBe(type)
  })
})

describe('results', () => {
  it('gives the backtrace as text/plain, and as JSON to who prefers that', async () => {
    const { id, password } = tasks.good
    const text = await server.client.ask(`/${id}/backtrace`, { password })
    expect([text.status, text.headers['content-type']]).toEqual([200, 'text/plain; charset=utf-8'])
    expect(text.text).toBe('Thread 1\n#0  crash () at crash.c:3\n')
    const json = await server.client.ask(`/${id}/backtrace`, { password, headers: JSON_PLEASE })
    expect(json.headers['content-type']).toBe('application/json')
    expect(json.json()).toEqual({ version: 1 })
  })

  it('gives it as Markdown to who prefers that, and as text where a worker made none', async () => {
    const task = await create('Debian good')
    await endOf(server, task)
    const ask = async (Accept: string) =>
      await server.client.ask(`/${task.id}/backtrace`, { password: task.password, headers: { Accept } })
    expect((await ask('text/markdown')).headers['content-type']).toBe('text/plain; charset=utf-8')
    writeFileSync(server.spool(task.id, 'backtrace.md'), '## it\n')
    const reply = await ask('text/markdown, application/json;q=0.5, text/plain;q=0.1')
    expect([reply.headers['content-type'], reply.text]).toEqual(['text/markdown; charset=utf-8', '## it\n'])
    expect((await ask('text/markdown;q=0.1, application/json')).headers['content-type']).toBe('application/json')
    expect((await ask('text/markdown;q=0.1, text/plain')).headers['content-type']).toBe('text/plain; charset=utf-8')
  })

  it('gives the log and the modules', async () => {
    const { id, password } = tasks.good
    const log = await server.client.ask(`/${id}/log`, { password })
    expect([log.headers['content-type'], log.text]).toEqual(['text/plain; charset=utf-8', 'debug: gdb is running\n'])
    const modules = await server.client.ask(`/${id}/modules`, { password })
    expect([modules.headers['content-type'], modules.text]).toEqual(['application/json', '[]'])
  })

  it('gives a large backtrace whole, with its length', async () => {
    const task = await create('Debian good')
    await endOf(server, task)
    const large = '#0  frame\n'.repeat(500_000)
    writeFileSync(server.spool(task.id, 'backtrace'), large)
    const reply = await server.client.ask(`/${task.id}/backtrace`, { password: task.password })
    expect(reply.headers['content-length']).toBe(String(large.length))
    expect(reply.text === large).toBe(true)
  })

  it('gives the exploitable file once it exists', async () => {
    const { id, password } = tasks.good
    expect((await server.client.ask(`/${id}/exploitable`, { password })).status).toBe(404)
    writeFileSync(server.spool(id, 'exploitable'), 'Likely crash reason: none\n')
    const reply = await server.client.ask(`/${id}/exploitable`, { password })
    expect([reply.status, reply.headers['content-type'], reply.text])
      .toEqual([200, 'text/plain; charset=utf-8', 'Likely crash reason: none\n'])
  })

  it('answers 404 until they exist', async () => {
    const { id, password } = tasks.running
    for (const path of ['backtrace', 'log', 'modules', 'exploitable']) {
      const reply = await server.client.ask(`/${id}/${path}`, { password })
      expect([path, reply.status]).toEqual([path, 404])
      expect(reply.headers['cache-control']).toBe('no-store')
    }
    expect((await server.client.ask(`/${tasks.bad.id}/backtrace`, { password: tasks.bad.password })).status).toBe(404)
  })

  it('gives no backtrace before the task has ended', async () => {
    const { id, password } = tasks.running
    writeFileSync(server.spool(id, 'backtrace'), 'early')
    expect((await server.client.ask(`/${id}/backtrace`, { password })).status).toBe(404)
  })
})

describe('removal', () => {
  it.each([['DELETE', ''], ['POST', '/delete']])(
    '%s /<id>%s deletes an ended task whole; again: 404',
    async (method, path) => {
      const task = await create('Debian good')
      await endOf(server, task)
      const reply = await server.client.ask(`/${task.id}${path}`, { method, password: task.password })
      expect([reply.status, reply.text, reply.headers['cache-control']]).toEqual([204, '', 'no-store'])
      expect(readdirSync(server.spool()).filter((name) => name.includes(task.id))).toEqual([])
      expect((await server.client.ask(`/${task.id}${path}`, { method, password: task.password })).status).toBe(404)
    },
  )

  it('needs the password', async () => {
    const { id } = tasks.good
    expect((await server.client.ask(`/${id}`, { method: 'DELETE', password: 'x' })).status).toBe(403)
    expect((await server.client.ask(`/${id}/delete`, { method: 'POST' })).status).toBe(403)
    expect(existsSync(server.spool(id))).toBe(true)
  })

  it('stops a running worker and its children, frees its place, and ends its streams', async () => {
    const task = await create('Debian run')
    const before = await runningTasks()
    const stream = await server.client.open(`/${task.id}/events`, { password: task.password })
    const streamed = new Promise((resolve) => stream.resume().on('end', () => resolve('ended')))
    await eventually(async () => (await pidsIn(task.id)).length > 0)
    const reply = await server.client.ask(`/${task.id}`, { method: 'DELETE', password: task.password })
    expect(reply.status).toBe(204)
    expect(await streamed).toBe('ended')
    await eventually(async () => (await pidsIn(task.id)).length === 0)
    expect(await runningTasks()).toBe(before - 1)
  })
})

async function runningTasks(): Promise<number> {
  return Number(/^running_tasks ([0-9]+)$/m.exec((await server.client.ask('/settings')).text)?.[1])
}

/** Processes whose working directory is the task's. */
async function pidsIn(id: string): Promise<string[]> {
  const { readlink } = await import('node:fs/promises')
  const pids: string[] = []
  for (const pid of readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name))) {
    const directory = await readlink(`/proc/${pid}/cwd`).catch(() => '')
    if (directory.replace(' (deleted)', '') === server.spool(id)) pids.push(pid)
  }
  return pids
}
