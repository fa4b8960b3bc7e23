/**
 * Rounds of further memory as the server has them: what is wanted, who may send it and when, what bad memory gets, and how a task
 * ends whatever becomes of its client, its worker and the server. Workers are scripted; client/rounds.test.ts has the real one.
 */
import { Buffer } from 'node:buffer'
import { existsSync, readFileSync } from 'node:fs'
import fsPromises from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { describe, expect, it } from 'vitest'
import { designMembers, tarOf } from '../../helpers/archives.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { startServer, startServerChild, type TestServer } from '../../helpers/server.ts'
import {
  backtraceOf,
  createTask,
  leftovers,
  post,
  record,
  ROUNDS,
  statusOf,
  waitingTask,
  WANTED,
} from '../../helpers/rounds.ts'
import { type CreatedTask, endOf, eventually, scriptedWorker, SUCCEED } from '../../helpers/task.ts'

async function withServer(
  act: (server: TestServer, folder: Folder) => Promise<void>,
  { commands = ROUNDS + SUCCEED, settings = {} }: { commands?: string; settings?: Record<string, string> } = {},
): Promise<void> {
  await using folder = await temporaryFolder()
  await using server = await startServer({ folder, settings, workerCommand: scriptedWorker(folder, commands) })
  await act(server, folder)
}

/** Until it is disposed of, `before` is awaited where memory that came is opened to be written. */
function slowDisk(before: () => Promise<unknown>): Disposable {
  const { open } = fsPromises
  const use = (each: typeof open) => {
    fsPromises.open = each
    syncBuiltinESMExports()
  }
  use(async (path, ...more) => {
    if (String(path).endsWith('/memory.partial')) await before()
    return await open(path, ...more)
  })
  return { [Symbol.dispose]: () => use(open) }
}

describe('a task that lacks memory', () => {
  it('names it, holds no place, takes it from its client alone, and runs again', async () => {
    await withServer(async (server) => {
      const task = await waitingTask(server)
      expect(await statusOf(server, task)).toMatchObject({ state: 'PENDING', wanted: { round: 1, ranges: WANTED } })
      expect((await server.client.ask(`/${task.id}`, { password: task.password })).text).toMatch(
        /waits for memory that the debugger missed, up to \d+ seconds/,
      )
      const page = await server.client.ask(`/${task.id}`, { password: task.password, headers: { Accept: 'text/html' } })
      expect(page.text).toMatch(/Waits up to \d+ seconds for further memory from the sender/)
      // The only place is free.
      await endOf(server, await createTask(server, '0'))
      const body = Buffer.concat([record(0x1000n, 4096), record(0x5001n, 510)])
      expect(await post(server, { ...task, password: 'x' }, body)).toEqual({ status: 403, code: 'wrong-password' })
      expect(await post(server, { ...task, id: '99' }, body)).toEqual({ status: 404, code: 'no-such-task' })
      expect((await post(server, task, body)).status).toBe(202)
      expect(await endOf(server, task)).toBe('FINISHED_SUCCESS')
      expect(await backtraceOf(server, task)).toContain('crash () at crash.c:3')
      expect(readFileSync(server.spool(task.id, 'retrace-log'), 'utf8').match(/a run/g)).toHaveLength(2)
      expect(await post(server, task, body)).toEqual({ status: 409, code: 'no-memory-wanted' })
      await eventually(() => leftovers(server, task).length === 0)
    }, { settings: { RETRACE_MAX_RUNNING_TASKS: '1' } })
  })

  it('takes what its memory points to within the spans that it names, and nothing beside those', async () => {
    const within = [{ start: '0x4000', length: 0x2000 }, { start: '0x800000', length: 2 ** 40 }]
    const commands = ROUNDS.replace(
      JSON.stringify(WANTED),
      `${JSON.stringify(WANTED)},"within":${JSON.stringify(within)}`,
    )
    await withServer(async (server) => {
      const task = await waitingTask(server)
      expect((await statusOf(server, task)).wanted).toEqual({
        round: 1,
        rounds: 3,
        seconds: 60,
        ranges: WANTED,
        within,
      })
      for (const start of [0x3ff8n, 0x5ff8n, 0x7ffff8n, 0x800000n + 2n ** 40n - 8n]) {
        expect([start, await post(server, task, record(start, 16))]).toEqual([start, {
          status: 400,
          code: 'bad-memory',
        }])
      }
      const body = Buffer.concat([record(0x1000n, 16), record(0x4ff0n, 0x300), record(0x800000n + 2n ** 40n - 8n, 8)])
      expect((await post(server, task, body)).status).toBe(202)
      expect(await endOf(server, task)).toBe('FINISHED_SUCCESS')
    }, { commands: commands + SUCCEED })
  })

  it('refuses what it did not ask for, and goes on waiting', async () => {
    await withServer(async (server) => {
      const task = await waitingTask(server)
      const bad: [string, Uint8Array][] = [
        ['outside', record(0x9000n, 16)],
        ['before', record(0xff0n, 32)],
        ['over the end', record(0x1000n, 4097)],
        ['over two ranges', record(0x1000n, 0x4200)],
        ['at the end of the addresses', record(2n ** 64n - 8n, 16)],
        ['twice', Buffer.concat([record(0x1000n, 16), record(0x1000n, 16)])],
        ['overlapping', Buffer.concat([record(0x1000n, 16), record(0x1008n, 16)])],
        ['out of order', Buffer.concat([record(0x5000n, 16), record(0x1000n, 16)])],
        ['empty', record(0x1000n, 0)],
        ['shorter than it says', record(0x1000n, 16, { claims: 17 })],
        ['cut in its head', record(0x1000n, 16).subarray(0, 11)],
        ['cut behind a record', Buffer.concat([record(0x1000n, 16), Buffer.from('x')])],
        ['far longer than it says', record(0x1000n, 16, { claims: 0xffffffff })],
      ]
      for (const [name, body] of bad) {
        expect([name, await post(server, task, body)]).toEqual([name, { status: 400, code: 'bad-memory' }])
      }
      const many = Buffer.concat(Array.from({ length: 1100 }, (_, at) => record(0x1000n + BigInt(at), 1)))
      expect(await post(server, task, many)).toEqual({ status: 400, code: 'bad-memory' })
      expect(await post(server, task, Buffer.alloc(2 ** 20 + 12_289))).toEqual({
        status: 413,
        code: 'packed-too-large',
      })
      expect(await post(server, task, record(0x1000n, 1), { 'Content-Type': 'text/plain' })).toMatchObject({
        status: 415,
      })
      const packed = { 'Content-Type': 'application/octet-stream', 'Content-Encoding': 'gzip' }
      expect(await post(server, task, record(0x1000n, 1), packed)).toMatchObject({ status: 415 })
      const get = await server.client.ask(`/${task.id}/memory`, { password: task.password })
      expect([get.status, get.headers['allow']]).toEqual([405, 'POST'])
      expect((await statusOf(server, task)).wanted).not.toBeNull()
      expect(leftovers(server, task).sort()).toEqual(['aside-1', 'coredump', 'wanted'])
      expect((await post(server, task, record(0x1fffn, 1))).status).toBe(202)
      expect(await endOf(server, task)).toBe('FINISHED_SUCCESS')
    })
  })

  it('ends with what it has when nobody comes, when nothing is brought, and when its client takes none', async () => {
    await withServer(async (server) => {
      const [late, empty] = [await waitingTask(server), await waitingTask(server)]
      expect((await post(server, empty, new Uint8Array())).status).toBe(202)
      const silent = await createTask(server, 'many')
      for (const task of [late, empty]) {
        expect(await endOf(server, task)).toBe('FINISHED_SUCCESS')
        expect(await backtraceOf(server, task)).toBe('first result\n')
        await eventually(() => leftovers(server, task).length === 0)
        expect(await post(server, task, record(0x1000n, 1))).toEqual({ status: 409, code: 'no-memory-wanted' })
      }
      expect(readFileSync(server.spool(late.id, 'retrace-log'), 'utf8')).toMatch(/no more memory came.*\n$/)
      expect(await endOf(server, silent)).toBe('FINISHED_SUCCESS')
      expect(await backtraceOf(server, silent)).toContain('crash () at crash.c:3')
    }, { settings: { RETRACE_ROUND_WAIT_S: '4' } })
  })

  it('takes what came in time, however long the disk takes for it, and waits on where it is full', async () => {
    await withServer(async (server) => {
      const task = await waitingTask(server)
      using _disk = slowDisk(() => new Promise((resolve) => setTimeout(resolve, 4500)))
      expect((await post(server, task, record(0x1000n, 4096))).status).toBe(202)
      expect(await endOf(server, task)).toBe('FINISHED_SUCCESS')
      expect(await backtraceOf(server, task)).toContain('crash () at crash.c:3')
      await eventually(() => leftovers(server, task).length === 0)
    }, { settings: { RETRACE_ROUND_WAIT_S: '4' } })
    await withServer(async (server) => {
      const task = await waitingTask(server)
      {
        using _disk = slowDisk(() => Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' })))
        expect(await post(server, task, record(0x1000n, 4096))).toEqual({ status: 507, code: 'no-space' })
        expect(leftovers(server, task).sort()).toEqual(['aside-1', 'coredump', 'wanted'])
      }
      expect((await post(server, task, record(0x1000n, 4096))).status).toBe(202)
      expect(await endOf(server, task)).toBe('FINISHED_SUCCESS')
    })
  })

  it('is gone with all that came when it is deleted while that is written', async () => {
    await withServer(async (server) => {
      const task = await waitingTask(server)
      let deleted = 0
      using _disk = slowDisk(async () => {
        deleted = (await server.client.ask(`/${task.id}`, { method: 'DELETE', password: task.password })).status
      })
      expect([(await post(server, task, record(0x1000n, 4096))).status, deleted]).toEqual([409, 204])
      expect(existsSync(server.spool(task.id))).toBe(false)
      await waitingTask(server)
    }, { settings: { RETRACE_MAX_TASKS_PER_CLIENT: '1' } })
  })

  it('keeps the result of the first run where the second one dies, and its log says so', async () => {
    const commands = `${ROUNDS}printf partly > backtrace\nprintf '{}' > modules.json\nkill -9 $$\n`
    await withServer(async (server) => {
      const task = await waitingTask(server)
      expect((await post(server, task, record(0x1000n, 4096))).status).toBe(202)
      expect(await endOf(server, task)).toBe('FINISHED_SUCCESS')
      expect(await backtraceOf(server, task)).toBe('first result\n')
      expect(existsSync(server.spool(task.id, 'modules.json'))).toBe(false)
      expect(readFileSync(server.spool(task.id, 'retrace-log'), 'utf8')).toMatch(/did not come to its end.*\n$/)
      await eventually(() => leftovers(server, task).length === 0)
    }, { commands })
  })

  it('counts among the tasks of its client, and can be deleted while it waits', async () => {
    await withServer(async (server) => {
      const task = await waitingTask(server)
      const reply = await server.client.ask('/create', {
        method: 'POST',
        headers: { 'Content-Type': 'application/x-tar', 'Prefer': 'respond-async' },
        body: tarOf(designMembers()),
      })
      expect(reply.status).toBe(429)
      expect((await server.client.ask(`/${task.id}`, { method: 'DELETE', password: task.password })).status).toBe(204)
      expect(await post(server, task, record(0x1000n, 1))).toEqual({ status: 404, code: 'no-such-task' })
      await waitingTask(server)
    }, { settings: { RETRACE_MAX_TASKS_PER_CLIENT: '1' } })
  })

  it('is asked for nothing where the setting says so, and of an upload in parts as of any other', async () => {
    await withServer(async (server) => {
      const { text } = await server.client.ask('/settings', { headers: { Accept: 'application/json' } })
      expect(JSON.parse(text).more_memory).toEqual({ max_rounds: 0, max_size: 2 ** 20, max_wait: 0 })
      const task = await createTask(server)
      await endOf(server, task)
      expect(existsSync(server.spool(task.id, 'rounds'))).toBe(false)
    }, { settings: { RETRACE_ROUND_WAIT_S: '0' } })
    await withServer(async (server) => {
      const headers = { 'Content-Type': 'application/x-tar', 'Upload-Complete': '?0', 'X-Task-Rounds': '9' }
      const begun = await server.client.ask('/create', { method: 'POST', headers, body: new Uint8Array() })
      const done = await server.client.ask(String(begun.headers['location']), {
        method: 'PATCH',
        headers: {
          'Content-Type': 'application/partial-upload',
          'Upload-Offset': '0',
          'Upload-Complete': '?1',
          'Prefer': 'respond-async',
        },
        body: tarOf(designMembers()),
      })
      expect(done.status).toBe(201)
      expect(readFileSync(server.spool(String(done.headers['x-task-id']), 'rounds'), 'utf8')).toBe('3\n')
    })
  })
})

describe('a server that is killed -9 between two runs, and in the second one', () => {
  it('ends the task with the result of the first at its next start, without its core', async () => {
    await using folder = await temporaryFolder()
    const workerCommand = scriptedWorker(folder, `${ROUNDS}printf partly > backtrace\nsleep 20\n`)
    const tasks: CreatedTask[] = []
    for (const point of ['waiting', 'running'] as const) {
      await using server = await startServerChild({ folder, workerCommand })
      const task = await waitingTask(server)
      tasks.push(task)
      if (point === 'running') {
        expect((await post(server, task, record(0x1000n, 4096))).status).toBe(202)
        await eventually(() => existsSync(server.spool(task.id, 'backtrace')))
      }
      await server.end('SIGKILL')
    }
    await using server = await startServerChild({ folder, workerCommand })
    for (const task of tasks) {
      expect(await endOf(server, task)).toBe('FINISHED_SUCCESS')
      expect(await backtraceOf(server, task)).toBe('first result\n')
      await eventually(() => leftovers(server, task).length === 0)
    }
  }, 60_000)
})
