/** What guards pages: passwords are tried a few times only, pages of other sites change nothing, a proxy's path and scheme count. */
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { startServer } from '../../helpers/server.ts'
import { type CreatedTask, createTask, endOf, scriptedWorker, SUCCEED } from '../../helpers/task.ts'

const BROWSER = { Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' }

let folder: Folder
let server: Awaited<ReturnType<typeof startServer>>
let task: CreatedTask

beforeAll(async () => {
  folder = await temporaryFolder()
  server = await startServer({ workerCommand: scriptedWorker(folder, SUCCEED) })
  task = await createTask(server)
  await endOf(server, task)
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

describe('the form of a password', () => {
  it('a wrong password is asked for again, and after ten of them only later', async () => {
    await using other = await startServer({ workerCommand: scriptedWorker(folder, SUCCEED) })
    const { id } = await createTask(other)
    const attempt = () =>
      other.client.ask('/open', {
        method: 'POST',
        body: new URLSearchParams({ id, password: 'wrong' }).toString(),
        headers: { ...FORM, ...BROWSER },
      })
    const first = await attempt()
    expect([first.status, first.text.includes(`That is not the password of task ${id}`)]).toEqual([403, true])
    for (let more = 1; more < 10; more++) expect((await attempt()).status).toBe(403)
    const refused = await attempt()
    expect([refused.status, Number(refused.headers['retry-after']) > 0]).toEqual([429, true])
  })

  it('of many forms at once no more than ten are tried', async () => {
    await using other = await startServer({ workerCommand: scriptedWorker(folder, SUCCEED) })
    const { id } = await createTask(other)
    const body = new URLSearchParams({ id, password: 'wrong' }).toString()
    const type = FORM['Content-Type']
    const head = `POST /open HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n`
    const connections = await Promise.all(Array.from({ length: 30 }, () => other.client.raw()))
    await Promise.all(connections.map((each) => each.write(head)))
    // All have passed the first look when the forms come.
    await new Promise((resolve) => setTimeout(resolve, 200))
    await Promise.all(connections.map((each) => each.write(body)))
    const answers = await Promise.all(connections.map((each) => each.until(/^HTTP.*\r\n/)))
    for (const each of connections) each[Symbol.dispose]()
    const times = (status: number) => answers.filter((each) => each.startsWith(`HTTP/1.1 ${status}`)).length
    expect([times(403), times(429)]).toEqual([10, 20])
  })
})

describe('behind a proxy that speaks HTTP to the server, under a path', () => {
  it('cookies are of that path and secure, pages of its address alone are ours, and counts are not shown', async () => {
    await using proxied = await startServer({
      plain: true,
      workerCommand: scriptedWorker(folder, SUCCEED),
      settings: {
        RETRACE_REQUIRE_HTTPS: '1',
        RETRACE_TRUST_PROXY: '127.0.0.1',
        RETRACE_PUBLIC_URL: 'https://tools.example:8443/retrace/',
      },
    })
    const passed = { 'X-Forwarded-Proto': 'https', 'X-Forwarded-For': '192.0.2.1' }
    const made = await proxied.client.ask('/create', {
      method: 'POST',
      headers: { ...passed, 'Content-Type': 'application/x-core', 'Prefer': 'respond-async' },
      body: await readFile('/bin/true').then((elf) => (elf.writeUInt16LE(4, 16), elf)),
    })
    const [id, password] = [String(made.headers['x-task-id']), String(made.headers['x-task-password'])]
    const body = new URLSearchParams({ id, password }).toString()
    const openBy = (headers: Record<string, string>) =>
      proxied.client.ask('/open', { method: 'POST', body, headers: { ...FORM, ...passed, ...headers } })
    const opened = await openBy({ Origin: 'https://tools.example:8443' })
    expect([opened.status, opened.headers.location]).toEqual([303, id])
    expect(opened.headers['set-cookie']?.[0]).toMatch(
      new RegExp(`; Path=/retrace/${id}; Secure; HttpOnly; SameSite=Strict$`),
    )
    const foreign = [
      { Origin: 'https://tools.example' },
      { Origin: 'null' },
      { 'Origin': 'https://tools.example:8443', 'Sec-Fetch-Site': 'same-site' },
      { 'Sec-Fetch-Site': 'cross-site' },
    ]
    for (const headers of foreign) expect([headers, (await openBy(headers)).status]).toEqual([headers, 403])
    expect((await openBy({ 'Origin': 'https://other.example', 'Sec-Fetch-Site': 'same-origin' })).status).toBe(303)
    expect((await proxied.client.ask('/stats', { headers: passed })).status).toBe(404)
    for (const path of ['/', `/${id}`]) {
      const { text } = await proxied.client.ask(path, { headers: { ...passed, ...BROWSER } })
      expect([path, /(?:href|src|action)="\//.test(text)]).toEqual([path, false])
    }
  })
})

describe('pages of other sites', () => {
  it.each([
    ['POST', '/create'],
    ['POST', '/open'],
    ['POST', '/1/delete'],
    ['POST', '/1/leave'],
    ['DELETE', '/1'],
    ['PUT', '/1'],
    ['PATCH', '/uploads/x'],
    ['DELETE', '/uploads/x'],
    ['POST', '/nowhere'],
  ])('change nothing by %s %s', async (method, path) => {
    for (const origin of ['https://evil.example', 'null', `${server.url}0`]) {
      const headers = { 'Origin': origin, 'X-Task-Password': task.password, ...FORM }
      const reply = await server.client.ask(path, { method, headers, body: '' })
      expect([reply.status, reply.text]).toEqual([403, expect.stringContaining('A page of another site')])
    }
    expect((await server.client.ask(`/${task.id}`, { password: task.password })).status).toBe(200)
  })
})
