/** GET /stats: who sees it, as page and as JSON, from tasks that really ended. */
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { countedTasks } from '../../../src/runner/crash_table.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { startServer } from '../../helpers/server.ts'
import { createTask, endOf, scriptedWorker, SUCCEED } from '../../helpers/task.ts'

let folder: Folder
let worker: readonly string[]

beforeAll(async () => {
  folder = await temporaryFolder()
  worker = scriptedWorker(folder, SUCCEED)
})
afterAll(() => folder[Symbol.asyncDispose]())

type Server = Awaited<ReturnType<typeof startServer>>

/** A task is counted just after its end is told. */
const counted = async ({ program }: Server, tasks: number) =>
  await vi.waitFor(() => expect(countedTasks(program.services.database).size).toBe(tasks), 10_000)

const serverFor = (shown: string) => startServer({ workerCommand: worker, settings: { RETRACE_STATS: shown } })

describe('GET /stats', () => {
  it('tells this machine what ended, also when the tasks are gone', async () => {
    await using server = await serverFor('loopback')
    for (let time = 0; time < 2; time++) {
      const task = await createTask(server)
      await endOf(server, task)
      await counted(server, time + 1)
      await server.client.ask(`/${task.id}`, { method: 'DELETE', password: task.password })
    }
    const found = (await server.client.ask('/stats')).json()
    expect(found).toMatchObject({
      tasks: 2,
      outcomes: { ok: 2 },
      packages: [{ package: 'bash', tasks: 2 }],
      queue: { running: 0 },
    })
    const page = await server.client.ask('/stats', { headers: { Accept: 'text/html' } })
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8')
    expect(page.text.match(/<figure><svg /g)?.length).toBe(4)
    expect(page.text).not.toMatch(/ style=/)
  })

  it.each([
    ['off', {}, 404],
    ['loopback', {}, 200],
    ['loopback', { 'X-Forwarded-For': '203.0.113.7' }, 404],
    ['loopback', { Forwarded: 'for=203.0.113.7' }, 404],
    ['public', { 'X-Forwarded-For': '203.0.113.7' }, 200],
  ])('with RETRACE_STATS=%s and %o is %i', async (shown, headers, status) => {
    await using server = await serverFor(shown)
    expect((await server.client.ask('/stats', { headers })).status).toBe(status)
  })

  it('lets so many different questions wait, and refuses further ones until those are answered', async () => {
    await using server = await serverFor('loopback')
    const ask = async (name: number) => (await server.client.ask(`/stats?package=none-${name}`)).status
    const all = await Promise.all(Array.from({ length: 40 }, (_, name) => ask(name)))
    expect(all.filter((status) => status === 200).length).toBeGreaterThanOrEqual(8)
    expect(new Set(all)).toEqual(new Set([200, 503]))
    expect(await ask(100)).toBe(200)
  })

  it('reads no further where the one who asked has gone', async () => {
    await using server = await serverFor('loopback')
    const { database } = server.program.services
    const rows = 50_000
    database.run(sql`WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows - 1})
      INSERT INTO crash_count (signature, hour, release, package, outcome, duphash, count)
      SELECT 'x', unixepoch() / 3600 * 3600, 'r', 'p', 'ok', i, 1 FROM n`)
    const reads = vi.spyOn(database, 'select')
    const connection = await server.client.raw()
    await connection.write('GET /stats HTTP/1.1\r\nHost: x\r\n\r\n')
    await vi.waitFor(() => expect(reads).toHaveBeenCalled(), { timeout: 10_000, interval: 1 })
    connection[Symbol.dispose]()
    for (let before = -1; before < reads.mock.calls.length;) {
      before = reads.mock.calls.length
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    expect(reads.mock.calls.length).toBeLessThan(rows / 1000)
    expect((await server.client.ask('/stats')).json()).toMatchObject({ tasks: rows })
  })

  it('tells who is not of this machine nothing of few tasks', async () => {
    await using server = await serverFor('public')
    await endOf(server, await createTask(server))
    await counted(server, 1)
    const elsewhere = await server.client.ask('/stats', { headers: { 'X-Forwarded-For': '203.0.113.7' } })
    expect(elsewhere.json()).toMatchObject({ tasks: 0, packages: [] })
    expect((await server.client.ask('/stats')).json()).toMatchObject({ tasks: 1 })
  })
})
