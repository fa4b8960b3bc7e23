/**
 * Places of tasks that go on with memory that came (docs/http.md, 'POST /<id>/memory'): beside newcomers, who neither wait for them
 * nor are refused for them, in a queue of their own, and in their turn where memory is short.
 */
import { existsSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../helpers/folder.ts'
import {
  backtraceOf,
  createTask,
  leftovers,
  post,
  record,
  ROUNDS,
  statusOf,
  waitingTask,
} from '../../helpers/rounds.ts'
import { startServer, startServerChild, type TestServer } from '../../helpers/server.ts'
import { type CreatedTask, endOf, eventually, scriptedWorker, SUCCEED } from '../../helpers/task.ts'

/** Runs until the file `go` is in its task's directory. */
const WAIT = `touch runs; echo debug > step; while [ ! -e go ]; do [ -d . ] || exit 0; sleep 0.05; done\n`
/** So that all that have a place fit into memory. */
const SMALL = { RETRACE_TASK_MEMORY_MB: '256' }
const WORKER = ROUNDS + WAIT + SUCCEED

async function withServer(settings: Record<string, string>, act: (server: TestServer) => Promise<void>): Promise<void> {
  await using folder = await temporaryFolder()
  await using server = await startServer({ folder, settings, workerCommand: scriptedWorker(folder, WORKER) })
  await act(server)
}

type Server = Pick<TestServer, 'client' | 'spool'>

/** So many tasks, to which memory comes at once. */
async function goingOn(server: Server, count: number): Promise<CreatedTask[]> {
  const tasks = []
  for (let at = 0; at < count; at++) tasks.push(await waitingTask(server))
  for (const task of tasks) expect((await post(server, task, record(0x1000n, 4096))).status).toBe(202)
  return tasks
}

const runs = ({ spool }: Server, { id }: CreatedTask) => existsSync(spool(id, 'runs'))
const letEnd = ({ spool }: Server, { id }: CreatedTask) => writeFileSync(spool(id, 'go'), '')
const placeOf = async (server: Server, task: CreatedTask) => (await statusOf(server, task)).queue_position
const pause = () => new Promise((resolve) => setTimeout(resolve, 700))

async function runningTasks({ client }: Server): Promise<string | undefined> {
  return /^running_tasks (\d+)$/m.exec((await client.ask('/settings')).text)?.[1]
}

describe('tasks that go on', () => {
  it('are no reason to refuse or to hold up a newcomer, and half as many of them run as of those', async () => {
    await withServer(
      { RETRACE_MAX_RUNNING_TASKS: '4', RETRACE_MAX_TASKS_PER_CLIENT: '20', ...SMALL },
      async (server) => {
        const tasks = await goingOn(server, 7)
        await eventually(() => tasks.filter((task) => runs(server, task)).length === 2)
        expect(await runningTasks(server)).toBe('0')
        const newcomers: CreatedTask[] = []
        for (let at = 0; at < 4; at++) newcomers.push(await createTask(server, '0'))
        await eventually(() => newcomers.every((task) => runs(server, task)))
        expect(await runningTasks(server)).toBe('4')
        await pause()
        expect(tasks.map((task) => runs(server, task))).toEqual([true, true, ...Array(5).fill(false)])
        const { text } = await server.client.ask('/stats', { headers: { Accept: 'application/json' } })
        expect(JSON.parse(text).queue).toEqual({ running: 4, queued: 0, uploading: 0, going_on: 7 })
        for (const task of [...newcomers, ...tasks]) letEnd(server, task)
        for (const task of [...newcomers, ...tasks]) expect(await endOf(server, task)).toBe('FINISHED_SUCCESS')
      },
    )
  })

  it('run before newcomers that wait for a place, and each hears its place in its own queue', async () => {
    const settings = {
      RETRACE_MAX_RUNNING_TASKS: '1',
      RETRACE_MAX_QUEUED_TASKS: '9',
      RETRACE_DEFAULT_EST_TIME_S: '100',
    }
    await withServer(settings, async (server) => {
      const asked = [await waitingTask(server), await waitingTask(server), await waitingTask(server)]
      const newcomers = [await createTask(server, '0'), await createTask(server, '0'), await createTask(server, '0')]
      for (const task of asked) expect((await post(server, task, record(0x1000n, 4096))).status).toBe(202)
      await eventually(() => runs(server, newcomers[0] as CreatedTask) && runs(server, asked[0] as CreatedTask))
      for (const kind of [newcomers, asked]) {
        expect(await Promise.all(kind.map((task) => placeOf(server, task)))).toEqual([null, 1, 2])
        const starts = await Promise.all(kind.slice(1).map((task) => statusOf(server, task)))
        const seconds = starts.map((each) => (Date.parse(each.expected_start ?? '') - Date.now()) / 1000)
        expect(Math.abs((seconds[0] ?? 0) - 100)).toBeLessThan(20)
        expect(Math.abs((seconds[1] ?? 0) - 200)).toBeLessThan(20)
      }
      // One that is deleted while it waits leaves its place to the next.
      const { id, password } = asked[1] as CreatedTask
      expect((await server.client.ask(`/${id}`, { method: 'DELETE', password })).status).toBe(204)
      expect(await placeOf(server, asked[2] as CreatedTask)).toBe(1)
      for (const task of [asked[0], asked[2], ...newcomers]) letEnd(server, task as CreatedTask)
      for (const task of [asked[0], asked[2], ...newcomers]) {
        expect(await endOf(server, task as CreatedTask)).toBe('FINISHED_SUCCESS')
      }
    })
  })

  it('wait for memory as newcomers do, in one row with them: one at a time where more does not fit', async () => {
    const settings = {
      RETRACE_MAX_RUNNING_TASKS: '2',
      RETRACE_MAX_QUEUED_TASKS: '9',
      RETRACE_TASK_MEMORY_MB: '1048576',
    }
    await withServer(settings, async (server) => {
      const asked = [await waitingTask(server), await waitingTask(server)]
      const newcomers = []
      for (let at = 0; at < 4; at++) newcomers.push(await createTask(server, '0'))
      const [first, second, third, fourth] = newcomers as [CreatedTask, CreatedTask, CreatedTask, CreatedTask]
      await eventually(() => runs(server, first))
      for (const task of asked) expect((await post(server, task, record(0x1000n, 4096))).status).toBe(202)
      const [one, other] = asked as [CreatedTask, CreatedTask]
      // The second newcomer and the first that goes on have places; no other is before them.
      await pause()
      const waiting = [second, one, third, fourth, other]
      expect(await Promise.all(waiting.map((task) => placeOf(server, task)))).toEqual([1, 2, 3, 4, 3])
      for (const task of waiting) expect(runs(server, task)).toBe(false)
      // Whoever has a place begins, though others that have none came before it.
      const left = new Set(waiting)
      letEnd(server, first)
      for (let at = 0; at < waiting.length; at++) {
        await eventually(() => [...left].some((task) => runs(server, task)))
        const running = [...left].filter((task) => runs(server, task))
        expect(running.length).toBe(1)
        if (at < 2) expect(running[0]).toBe(waiting[at])
        left.delete(running[0] as CreatedTask)
        letEnd(server, running[0] as CreatedTask)
        expect(await endOf(server, running[0] as CreatedTask)).toBe('FINISHED_SUCCESS')
      }
    })
  })
})

describe('a server that stops while tasks wait to go on', () => {
  it('loses none: they end with what they have at the next start, and newcomers run again', async () => {
    await using folder = await temporaryFolder()
    const workerCommand = scriptedWorker(folder, WORKER)
    const settings = { RETRACE_MAX_RUNNING_TASKS: '1', RETRACE_MAX_QUEUED_TASKS: '9', ...SMALL }
    const [asked, newcomers]: [CreatedTask[], CreatedTask[]] = [[], []]
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      await using server = await startServerChild({ folder, workerCommand, settings })
      for (const task of newcomers) letEnd(server, task)
      for (const task of newcomers) expect(await endOf(server, task)).toBe('FINISHED_SUCCESS')
      // The first runs again, the second waits to, the third for its client.
      const going = await goingOn(server, 2)
      asked.push(...going, await waitingTask(server))
      newcomers.push(await createTask(server, '0'), await createTask(server, '0'))
      const last = newcomers.at(-2) as CreatedTask
      await eventually(() => runs(server, going[0] as CreatedTask) && runs(server, last))
      expect(runs(server, going[1] as CreatedTask)).toBe(false)
      await server.end(signal)
    }
    await using server = await startServerChild({ folder, workerCommand, settings })
    for (const task of newcomers) letEnd(server, task)
    for (const task of newcomers) expect(await endOf(server, task)).toBe('FINISHED_SUCCESS')
    for (const task of asked) {
      expect(await endOf(server, task)).toBe('FINISHED_SUCCESS')
      expect(await backtraceOf(server, task)).toBe('first result\n')
      await eventually(() => leftovers(server, task).length === 0)
    }
  }, 60_000)
})
