import { Buffer } from 'node:buffer'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { abrtMembers, designMembers, fakeCore, pack, tarOf } from '../../helpers/archives.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { http2Client } from '../../helpers/http2.ts'
import { startServer, type TestServer } from '../../helpers/server.ts'
import { endOf, eventually, scriptedWorker, SUCCEED } from '../../helpers/task.ts'

let folder: Folder
let server: TestServer

beforeAll(async () => {
  folder = await temporaryFolder()
  // The core is kept beside the task, to be compared.
  const worker = scriptedWorker(folder, `cp coredump "$1.core"\necho 'X-Task-Status: FINISHED_FAILURE'\n${SUCCEED}`)
  server = await startServer({ workerCommand: worker })
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

const core = Buffer.concat([fakeCore(300_000), Buffer.alloc(500_000)])
const tar = tarOf(designMembers(core))

async function create(headers: Record<string, string>, body: Uint8Array) {
  return await server.client.ask('/create', { method: 'POST', headers, body })
}

describe('POST /create', () => {
  it.each([
    ['application/x-tar', tar, {}],
    ['application/x-gzip', pack('gzip', tar), {}],
    ['application/gzip', pack('gzip', tar), {}],
    ['application/x-xz', pack('xz', tar, ['-2']), {}],
    ['application/zstd', pack('zstd', tar), {}],
    ['application/x-core', core, {}],
    ['application/octet-stream', pack('gzip', core), { 'Content-Encoding': 'gzip' }],
    ['application/x-core', pack('xz', core), { 'Content-Encoding': 'xz' }],
    ['application/x-core', pack('zstd', core), { 'Content-Encoding': 'zstd' }],
  ])('takes %s, answers 201 and streams log, status and backtrace', async (type, body, more) => {
    const reply = await create({ 'Content-Type': type, ...more }, body)
    expect(reply.status).toBe(201)
    const id = String(reply.headers['x-task-id'])
    expect(id).toMatch(/^[1-9][0-9]*$/)
    expect(reply.headers['x-task-password']).toMatch(/^[a-zA-Z0-9]{22}$/)
    expect(reply.headers['x-task-est-time']).toMatch(/^[1-9][0-9]*$/)
    expect(reply.headers.location).toBe(`/${id}`)
    expect(reply.headers['content-type']).toBe('text/plain; charset=utf-8')
    expect(reply.headers['cache-control']).toBe('no-store')
    expect(reply.text.startsWith('X-Task-Status: PENDING\n')).toBe(true)
    expect(reply.text).toContain('\n> X-Task-Status: FINISHED_FAILURE\n')
    expect(reply.text).toContain('\ndebug: gdb is running\n')
    expect(reply.text.endsWith('X-Task-Status: FINISHED_SUCCESS\nThread 1\n#0  crash () at crash.c:3\n')).toBe(true)
    expect(readFileSync(server.spool(`${id}.core`)).equals(core)).toBe(true)
  })

  it.each(
    [
      ['application/x-xz-compressed-tar', {}, 'xz'],
      ['application/x-compressed-tar', {}, 'gzip'],
      ['application/x-xz', { 'X-Task-Type': '0' }, 'xz'],
    ] as const,
  )(
    'takes the ABRT manifest as %s: "that client waits for the end of the body before it looks at the headers"',
    async (type, more, packer) => {
      const reply = await create({ 'Content-Type': type, ...more }, pack(packer, tarOf(abrtMembers(core))))
      expect(reply.status).toBe(201)
      expect(reply.headers['content-length']).toBe('0')
      expect(reply.text).toBe('')
      const task = {
        id: String(reply.headers['x-task-id']),
        password: String(reply.headers['x-task-password']),
        estimate: 0,
      }
      expect(await endOf(server, task)).toBe('FINISHED_SUCCESS')
    },
  )

  it('answers at once with an empty body when that is preferred', async () => {
    for (const prefer of ['respond-async', 'wait=10, Respond-Async', 'respond-async; foo=bar']) {
      const reply = await create({ 'Content-Type': 'application/x-tar', 'Prefer': prefer }, tar)
      expect(reply.status).toBe(201)
      expect(reply.headers['preference-applied']).toBe('respond-async')
      expect(reply.headers['content-length']).toBe('0')
      expect(reply.headers['x-task-password']).toMatch(/^[a-zA-Z0-9]{22}$/)
    }
    const other = await create({ 'Content-Type': 'application/x-tar', 'Prefer': 'respond-asynchronous' }, tar)
    expect(other.headers['preference-applied']).toBeUndefined()
  })

  it('works over HTTP/2', async () => {
    using client = await http2Client(server)
    const body = pack('xz', tar)
    const head = { ':method': 'POST', ':path': '/create', 'content-type': 'application/x-xz' }
    const reply = await client.ask({ ...head, 'content-length': body.length }, body)
    expect(reply.status).toBe(201)
    expect(reply.text).toContain('X-Task-Status: FINISHED_SUCCESS')
    const id = String(reply.headers['x-task-id'])
    expect(readFileSync(server.spool(`${id}.core`)).equals(core)).toBe(true)
  })

  it('works with curl, over HTTP/1.1 and 2, with a body large enough for its Expect: 100-continue', async () => {
    const path = folder.file('core.xz')
    writeFileSync(
      path,
      pack('xz', Buffer.concat([core, randomBytes(2_000_000)])),
    )
    writeFileSync(folder.file('ca.pem'), server.ca)
    for (const version of ['--http1.1', '--http2']) {
      const { text } = await curl([
        version,
        '-D',
        '-',
        '--data-binary',
        `@${path}`,
        '-H',
        'Content-Type: application/x-core',
        '-H',
        'Content-Encoding: xz',
      ])
      expect(text).toMatch(/^HTTP\/[0-9.]+ 201/m)
      expect(text).toMatch(/^x-task-password: [a-zA-Z0-9]{22}\r$/im)
      expect(text).toContain('X-Task-Status: FINISHED_SUCCESS')
    }
  })

  it('serves the next request on the connection after the streamed body', async () => {
    using raw = await server.client.raw()
    const head =
      `POST /create HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-tar\r\nContent-Length: ${tar.length}\r\n\r\n`
    await raw.write(Buffer.concat([Buffer.from(head), tar, Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')]))
    const text = await raw.until(/HTTP\/1\.1 200 OK/)
    expect(text).toMatch(/HTTP\/1\.1 201 Created/)
    expect(text.indexOf('FINISHED_SUCCESS')).toBeLessThan(text.indexOf('HTTP/1.1 200 OK'))
  })

  it('runs the task though its caller hangs up after the upload', async () => {
    const before = new Set(readdirSync(server.config.spoolDir))
    const raw = await server.client.raw()
    const head =
      `POST /create HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-tar\r\nContent-Length: ${tar.length}\r\n\r\n`
    await raw.write(Buffer.concat([Buffer.from(head), tar]))
    await raw.until(/HTTP\/1\.1 201 Created/)
    raw.socket.destroy()
    const id = readdirSync(server.config.spoolDir).find((name) => /^[0-9]+$/.test(name) && !before.has(name))!
    await eventually(() => existsSync(server.spool(id, 'retrace-log')))
    expect(existsSync(server.spool(id, 'backtrace'))).toBe(true)
  })

  async function curl(args: string[]): Promise<{ text: string }> {
    return await new Promise((resolve, reject) => {
      execFile(
        'curl',
        ['-sS', '--cacert', folder.file('ca.pem'), '--max-time', '30', ...args, `${server.url}/create`],
        (error, text) => {
          if (error) reject(error)
          else resolve({ text })
        },
      )
    })
  }
})

describe('a 201', () => {
  it('comes before the worker has done anything, once the task is on the disk', async () => {
    const slow = scriptedWorker(folder, `while [ ! -e go ]; do sleep 0.05; done\n${SUCCEED}`)
    await using other = await startServer({ workerCommand: slow })
    const answer = await other.client.open('/create', {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-core' },
      body: core,
    })
    const id = String(answer.headers['x-task-id'])
    expect(existsSync(other.spool(id, 'retrace-log'))).toBe(false)
    expect(readdirSync(other.spool(id)).sort()).toEqual(
      expect.arrayContaining(['coredump', 'created', 'manifest', 'password']),
    )
    writeFileSync(other.spool(id, 'go'), '')
    let text = ''
    for await (const chunk of answer) text += String(chunk)
    expect(text).toContain('X-Task-Status: FINISHED_SUCCESS')
  })
})
