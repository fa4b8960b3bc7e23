/** Who runs, who waits, who is refused (docs/http.md, 'POST /create'; docs/design.txt, chapter 2.6). */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { beginnersAtOnce } from '../../../src/runner/pace.ts'
import { designMembers, tarOf } from '../../helpers/archives.ts'
import type { Client } from '../../helpers/client.ts'
import { temporaryFolder } from '../../helpers/folder.ts'
import { startServer } from '../../helpers/server.ts'
import { type CreatedTask, createTask, endOf, eventually, scriptedWorker, SUCCEED } from '../../helpers/task.ts'
import { spoolEntries } from '../../helpers/spool_entries.ts'

/** Runs until the file `go` is in its task's directory. */
const WAIT = `echo debug > step; echo 'debug: waiting'; while [ ! -e go ]; do [ -d . ] || exit 0; sleep 0.05; done`

/** Of which less than all has a place: 64 KiB (`Arrival`). */
function largeBody(): Uint8Array {
  const { coredump, ...members } = designMembers()
  const core = new Uint8Array(200_000)
  core.set(coredump as Uint8Array)
  return tarOf({ ...members, coredump: core })
}

const textOf = (path: string) => existsSync(path) ? readFileSync(path, 'utf8') : ''

async function post(client: Client) {
  return await client.ask('/create', {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-tar', 'Prefer': 'respond-async' },
    body: tarOf(designMembers()),
  })
}

async function status(client: Client, { id, password }: CreatedTask) {
  return (await client.ask(`/${id}`, { password, headers: { Accept: 'application/json' } })).json()
}

describe('admission', () => {
  it('answers 503 with Retry-After when RETRACE_MAX_RUNNING_TASKS run, and takes the next when one has ended', async () => {
    await using folder = await temporaryFolder()
    await using server = await startServer({
      workerCommand: scriptedWorker(folder, WAIT + SUCCEED),
      settings: { RETRACE_MAX_RUNNING_TASKS: '2' },
    })
    const [first] = [await createTask(server), await createTask(server)]
    const refused = await post(server.client)
    expect(refused.status).toBe(503)
    expect(refused.text).toContain('RETRACE_MAX_RUNNING_TASKS')
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    expect(spoolEntries(server.spool()).length).toBe(2)
    writeFileSync(server.spool(first.id, 'go'), '')
    await endOf(server, first)
    await eventually(async () => (await post(server.client)).status === 201)
  })

  it('counts uploads that are still arriving for the 503, and frees the place of one that is cut', async () => {
    await using server = await startServer({ settings: { RETRACE_MAX_RUNNING_TASKS: '1' } })
    {
      using connection = await server.client.raw()
      await connection.write(
        'POST /create HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-tar\r\nContent-Length: 409600\r\n\r\n',
      )
      await connection.write(new Uint8Array(largeBody().subarray(0, 70_000)))
      await eventually(async () => /^running_tasks 1\n/m.test((await server.client.ask('/settings')).text))
      const refused = await post(server.client)
      expect(refused.status).toBe(503)
      expect(refused.headers['retry-after']).toMatch(/^[0-9]+$/)
    }
    await eventually(async () => (await post(server.client)).status === 201)
  })

  it('begins few of many that come at once: the next ones a second later, though none has ended', async () => {
    await using folder = await temporaryFolder()
    const tasks = beginnersAtOnce() + 1
    await using server = await startServer({
      workerCommand: scriptedWorker(folder, WAIT + SUCCEED),
      settings: { RETRACE_MAX_RUNNING_TASKS: `${tasks}` },
    })
    const created = await Promise.all(Array.from({ length: tasks }, () => createTask(server)))
    const begun = () => created.map(({ id }) => textOf(server.spool(id, 'started'))).filter((text) => text !== '')
    await eventually(() => begun().length === tasks)
    const times = begun().map((text) => Date.parse(text.trim())).sort((a, b) => a - b)
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(990)
    for (const task of created) writeFileSync(server.spool(task.id, 'go'), '')
    for (const task of created) await endOf(server, task)
  })

  it('frees the place of a task that is deleted', async () => {
    await using folder = await temporaryFolder()
    await using server = await startServer({
      workerCommand: scriptedWorker(folder, WAIT),
      settings: { RETRACE_MAX_RUNNING_TASKS: '1' },
    })
    const { id, password } = await createTask(server)
    expect((await post(server.client)).status).toBe(503)
    expect((await server.client.ask(`/${id}`, { method: 'DELETE', password })).status).toBe(204)
    expect((await post(server.client)).status).toBe(201)
  })
})

describe('the queue', () => {
  it('lets RETRACE_MAX_QUEUED_TASKS wait, says their places and expected starts, and runs them in their order', async () => {
    await using folder = await temporaryFolder()
    await using server = await startServer({
      workerCommand: scriptedWorker(folder, WAIT + SUCCEED),
      settings: { RETRACE_MAX_RUNNING_TASKS: '1', RETRACE_MAX_QUEUED_TASKS: '2', RETRACE_DEFAULT_EST_TIME_S: '100' },
    })
    const [first, second, third] = [await createTask(server), await createTask(server), await createTask(server)]
    expect((await post(server.client)).status).toBe(503)
    await eventually(async () => (await status(server.client, first)).queue_position === null)
    const [two, three] = [await status(server.client, second), await status(server.client, third)]
    expect([two.state, two.step, two.queue_position, three.queue_position]).toEqual(['PENDING', 'queued', 1, 2])
    const seconds = (task: Record<string, unknown>) => (Date.parse(String(task.expected_start)) - Date.now()) / 1000
    expect(seconds(two)).toBeGreaterThan(80)
    expect(seconds(three) - seconds(two)).toBeGreaterThan(90)
    const sentence = (await server.client.ask(`/${third.id}`, { password: third.password })).text
    expect(sentence).toMatch(/^The task waits at place 2 and is expected to start in [0-9]+ seconds\n$/)
    writeFileSync(server.spool(first.id, 'go'), '')
    await endOf(server, first)
    await eventually(async () => (await status(server.client, second)).step === 'debug')
    expect((await status(server.client, third)).queue_position).toBe(1)
  })

  it('forgets a task that is deleted while it waits', async () => {
    await using folder = await temporaryFolder()
    await using server = await startServer({
      workerCommand: scriptedWorker(folder, WAIT + SUCCEED),
      settings: { RETRACE_MAX_RUNNING_TASKS: '1', RETRACE_MAX_QUEUED_TASKS: '2' },
    })
    const [first, second, third] = [await createTask(server), await createTask(server), await createTask(server)]
    const removed = await server.client.ask(`/${second.id}`, { method: 'DELETE', password: second.password })
    expect(removed.status).toBe(204)
    expect((await status(server.client, third)).queue_position).toBe(1)
    writeFileSync(server.spool(first.id, 'go'), '')
    writeFileSync(server.spool(third.id, 'go'), '')
    expect(await endOf(server, third)).toBe('FINISHED_SUCCESS')
    expect(spoolEntries(server.spool()).sort()).toEqual([first.id, third.id])
  })

  it('gives its client the place back of a task that is deleted while it waits, not when its turn would have come', async () => {
    await using folder = await temporaryFolder()
    await using server = await startServer({
      workerCommand: scriptedWorker(folder, WAIT + SUCCEED),
      settings: { RETRACE_MAX_RUNNING_TASKS: '1', RETRACE_MAX_QUEUED_TASKS: '9', RETRACE_MAX_TASKS_PER_CLIENT: '2' },
    })
    const [first, second] = [await createTask(server), await createTask(server)]
    expect((await post(server.client)).status).toBe(429)
    const removed = await server.client.ask(`/${second.id}`, { method: 'DELETE', password: second.password })
    expect(removed.status).toBe(204)
    expect((await status(server.client, first)).state).toBe('PENDING')
    expect((await post(server.client)).status).toBe(201)
    expect((await post(server.client)).status).toBe(429)
  })

  it('hands the turn to the next when the task that waits for memory is deleted, and when the one that runs ends', async () => {
    await using folder = await temporaryFolder()
    await using server = await startServer({
      workerCommand: scriptedWorker(folder, WAIT + SUCCEED),
      settings: { RETRACE_TASK_MEMORY_MB: '1048576' },
    })
    const [first, second] = [await createTask(server), await createTask(server)]
    const [third, fourth] = [await createTask(server), await createTask(server)]
    await eventually(async () => (await status(server.client, first)).step === 'debug')
    expect((await server.client.ask(`/${second.id}`, { method: 'DELETE', password: second.password })).status).toBe(204)
    expect(await status(server.client, third)).toMatchObject({ step: 'queued', queue_position: 1 })
    writeFileSync(server.spool(third.id, 'go'), '')
    writeFileSync(server.spool(first.id, 'go'), '')
    expect(await endOf(server, third)).toBe('FINISHED_SUCCESS')
    await eventually(async () => (await status(server.client, fourth)).step === 'debug')
    writeFileSync(server.spool(fourth.id, 'go'), '')
    expect(await endOf(server, fourth)).toBe('FINISHED_SUCCESS')
  })

  it('lets a task wait whose RETRACE_TASK_MEMORY_MB does not fit beside the running ones; one always runs', async () => {
    await using folder = await temporaryFolder()
    await using server = await startServer({
      workerCommand: scriptedWorker(folder, WAIT + SUCCEED),
      settings: { RETRACE_TASK_MEMORY_MB: '1048576' },
    })
    const [first, second] = [await createTask(server), await createTask(server)]
    await eventually(async () => (await status(server.client, first)).step === 'debug')
    await new Promise((resolve) => setTimeout(resolve, 1500))
    expect(await status(server.client, second)).toMatchObject({ step: 'queued', queue_position: 1, started: null })
    writeFileSync(server.spool(first.id, 'go'), '')
    writeFileSync(server.spool(second.id, 'go'), '')
    expect(await endOf(server, second)).toBe('FINISHED_SUCCESS')
    expect(Number(readFileSync(server.spool(second.id, 'started'), 'utf8').length)).toBeGreaterThan(20)
  })
  it('lets the newest task wait and run again when memory runs out beside others, and loses none', async () => {
    await using folder = await temporaryFolder()
    let available = 100_000
    await using server = await startServer({
      workerCommand: scriptedWorker(folder, WAIT + SUCCEED),
      availableMb: () => available,
    })
    const [first, second] = [await createTask(server), await createTask(server)]
    await eventually(async () => (await status(server.client, second)).step === 'debug')
    available = 500
    await eventually(async () => (await status(server.client, second)).step === 'queued')
    expect(await status(server.client, second)).toMatchObject({ state: 'PENDING', queue_position: 1 })
    expect((await status(server.client, first)).step).toBe('debug')
    // More than a quarter of its limit, and less than all of it.
    available = 4000
    await new Promise((resolve) => setTimeout(resolve, 700))
    expect((await status(server.client, second)).step).toBe('queued')
    available = 100_000
    await eventually(async () => (await status(server.client, second)).step === 'debug')
    for (const { id } of [first, second]) writeFileSync(server.spool(id, 'go'), '')
    expect([await endOf(server, first), await endOf(server, second)]).toEqual(['FINISHED_SUCCESS', 'FINISHED_SUCCESS'])
  })

  it('lets a known small task begin beside others where its whole limit would not fit', async () => {
    await using folder = await temporaryFolder()
    let available = 100_000
    await using server = await startServer({
      workerCommand: scriptedWorker(folder, WAIT + SUCCEED),
      availableMb: () => available,
    })
    const earlier = [await createTask(server), await createTask(server), await createTask(server)]
    for (const each of earlier) {
      await eventually(async () => (await status(server.client, each)).step === 'debug')
    }
    // Long enough to be weighed.
    await new Promise((resolve) => setTimeout(resolve, 1200))
    for (const { id } of earlier) writeFileSync(server.spool(id, 'go'), '')
    for (const each of earlier) expect(await endOf(server, each)).toBe('FINISHED_SUCCESS')
    available = 5000
    const later = [await createTask(server), await createTask(server), await createTask(server)]
    for (const each of later) await eventually(async () => (await status(server.client, each)).step === 'debug')
    for (const { id } of later) writeFileSync(server.spool(id, 'go'), '')
    for (const each of later) expect(await endOf(server, each)).toBe('FINISHED_SUCCESS')
  })
})
