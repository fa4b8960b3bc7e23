/** nginx, Apache and Caddy with our samples before a server without a certificate (docs/http.md holds behind them, too). */
import { Buffer } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { statSync, writeFileSync } from 'node:fs'
import { connect as connectTcp } from 'node:net'
import { connect } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { designMembers, fakeCore, makeTar, MIB, tarOf } from '../helpers/archives.ts'
import { type Client, createClient, parseAnswers, RawConnection } from '../helpers/client.ts'
import { type Folder, temporaryFolder } from '../helpers/folder.ts'
import { fetchFronts, type Front, type FrontName, FRONTS, startFront } from '../helpers/front.ts'
import { begun, partsOf, stateOf } from '../helpers/parts.ts'
import { type ServerChild, startServerChild } from '../helpers/server.ts'
import { http2Client } from '../helpers/http2.ts'
import { spoolEntries } from '../helpers/spool_entries.ts'
import { createTask, endOf, eventually, scriptedWorker, SUCCEED } from '../helpers/task.ts'

let programs: Folder
beforeAll(async () => {
  programs = await temporaryFolder()
  fetchFronts(programs)
}, 200_000)
afterAll(async () => await programs[Symbol.asyncDispose]())

/** An address of this machine that is not the proxy's: whoever comes from it is no trusted proxy. */
const CLIENT = '127.0.0.2'

/** Apache and Caddy wait for the rest of the body before they hand on an answer: docs/proxies.md. */
const HEARS_408: Record<FrontName, boolean> = { nginx: true, apache: false, caddy: false }

describe.each(FRONTS)('behind %s with our sample', (name: FrontName) => {
  let folder: Folder
  let server: ServerChild
  let front: Front
  let client: Client

  beforeAll(async () => {
    folder = await temporaryFolder()
    server = await startServerChild({
      plain: true,
      // Waits for the file `go` of its folder.
      workerCommand: scriptedWorker(
        folder,
        `echo 'read: one'\nwhile [ ! -e go ] && grep -q wait release; do sleep 0.05; done\n${SUCCEED}`,
      ),
      settings: { RETRACE_TRUST_PROXY: '127.0.0.1', RETRACE_MAX_PACKED_MB: '8', RETRACE_UPLOAD_IDLE_S: '3' },
    })
    front = await startFront(name, programs, folder, server.port)
    client = createClient({ ca: front.ca })
    client.base = `https://127.0.0.1:${front.port}`
  }, 60_000)
  afterAll(async () => {
    // What did not start is not there.
    await client?.close()
    await front?.[Symbol.asyncDispose]()
    await server?.[Symbol.asyncDispose]()
    await folder[Symbol.asyncDispose]()
  })

  const uploads = () => spoolEntries(server.config.spoolDir).filter((each) => each.startsWith('upload-'))

  async function raw(): Promise<RawConnection> {
    const below = connectTcp({ host: '127.0.0.1', port: front.port, localAddress: CLIENT })
    const socket = connect({ socket: below, ca: front.ca, servername: 'localhost' })
    await once(socket, 'secureConnect')
    return new RawConnection(socket)
  }

  function head(headers: Record<string, string | number>): string {
    const lines = Object.entries({ Host: 'localhost', 'Content-Type': 'application/x-tar', ...headers })
    return `POST /create HTTP/1.1\r\n${lines.map(([key, value]) => `${key}: ${value}\r\n`).join('')}\r\n`
  }

  it('a task is made, watched and deleted over one connection', async () => {
    const task = await createTask({ client })
    expect(await endOf({ client }, task)).toBe('FINISHED_SUCCESS')
    const { password } = task
    expect((await client.ask(`/${task.id}/backtrace`, { password })).text).toContain('crash () at crash.c:3')
    expect((await client.ask(`/${task.id}/exploitable`, { password })).status).toBe(404)
    expect((await client.ask(`/${task.id}`, { password: 'wrong' })).status).toBe(403)
    expect((await client.ask(`/${task.id}`, { method: 'DELETE', password })).status).toBe(204)
    const settings = await client.ask('/settings')
    expect(settings.headers['content-length']).toBe(String(settings.body.length))
  })

  it('what the server sends is compressed by nobody else', async () => {
    for (const path of ['/', '/openapi.json', '/settings']) {
      const headers = { 'Accept-Encoding': 'gzip' }
      const [direct, through] = [
        await server.client.ask(path, { headers: { ...headers, 'X-Forwarded-Proto': 'https' } }),
        await client.ask(path, { headers }),
      ]
      expect([through.status, through.headers['content-encoding']]).toEqual([200, direct.headers['content-encoding']])
    }
  })

  it('the body of the 201 and the events come while the task runs', async () => {
    const body = tarOf({ ...designMembers(), release: 'Debian wait' })
    const answer = await client.open('/create', {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-tar' },
      body,
    })
    const id = String(answer.headers['x-task-id'])
    const password = String(answer.headers['x-task-password'])
    let text = ''
    answer.setEncoding('utf8').on('data', (chunk: string) => text += chunk)
    await eventually(() => /X-Task-Status: PENDING\n[^]*read: one\n/.test(text))
    const stream = await client.open(`/${id}/events`, { password, headers: { Accept: 'text/event-stream' } })
    let events = ''
    stream.setEncoding('utf8').on('data', (chunk: string) => events += chunk)
    await eventually(() => events.includes('data: read: one'))
    expect(events).not.toContain('FINISHED')
    writeFileSync(server.spool(id, 'go'), '')
    await Promise.all([once(answer, 'end'), once(stream, 'end')])
    expect(text).toMatch(/X-Task-Status: FINISHED_SUCCESS\nThread 1\n/)
    expect(events).toContain('FINISHED_SUCCESS')
    const last = /^id: (\d+)$/m.exec(events)?.[1] ?? ''
    const again = await client.ask(`/${id}/events`, { password, headers: { 'Last-Event-ID': last } })
    expect(again.text).not.toContain(`id: ${last}\n`)
  })

  it('an upload reaches the server while the client sends, and what breaks off leaves nothing', async () => {
    using connection = await raw()
    const body = tarOf(designMembers(Buffer.concat([fakeCore(4096), randomBytes(4 * MIB)])))
    await connection.write(head({ 'Content-Length': body.length }))
    await connection.write(body.subarray(0, 3 * MIB))
    await eventually(() => uploads().length === 1)
    connection.socket.destroy()
    await eventually(() => uploads().length === 0)
    expect(uploads()).toEqual([])
  })

  it('of an upload that falls silent nothing is left, and its client hears why where the proxy lets it', async () => {
    using connection = await raw()
    const body = tarOf(designMembers(Buffer.concat([fakeCore(4096), randomBytes(4 * MIB)])))
    await connection.write(head({ 'Content-Length': body.length }))
    await connection.write(body.subarray(0, 3 * MIB))
    await eventually(() => uploads().length === 1)
    await eventually(() => uploads().length === 0)
    if (HEARS_408[name]) expect(await connection.until(/RETRACE_UPLOAD_IDLE_S/)).toMatch(/^HTTP\/1\.1 408 /)
    else expect(connection.received).toBe('')
  })

  it.each([
    ['a body that is too large', 413, randomBytes(12 * MIB), /RETRACE_MAX_PACKED_MB/],
    [
      'an unknown member at the beginning',
      403,
      makeTar([{ name: 'other' }, { name: 'coredump', content: randomBytes(7 * MIB) }]),
      /other/,
    ],
    ['a body that is no tar', 400, randomBytes(7 * MIB), /tar/],
  ])('a client that writes all before it reads is told of %s', async (_, status, body, reason) => {
    using connection = await raw()
    connection.socket.pause()
    await connection.write(head({ 'Content-Length': body.length }))
    for (let at = 0; at < body.length; at += MIB) await connection.write(body.subarray(at, at + MIB))
    connection.socket.resume()
    const [answer] = parseAnswers(await connection.until(/HTTP\/1\.1 [0-9]+ [^]*\r\n\r\n[^]*\n/))
    expect([answer?.status, answer?.body]).toEqual([status, expect.stringMatching(reason)])
  })

  it('Expect: 100-continue ends in the reason of a refusal', async () => {
    using connection = await raw()
    await connection.write(head({ 'Content-Length': 12 * MIB, 'Expect': '100-continue' }))
    const first = await connection.until(/^HTTP\/1\.1 [0-9]+ [^]*\r\n\r\n/)
    // Not all of it: Caddy closes half a second after its answer, and what is lost then is the answer, too.
    if (first.startsWith('HTTP/1.1 100')) await connection.write(randomBytes(100_000))
    expect(await connection.until(/RETRACE_MAX_PACKED_MB/)).toContain('HTTP/1.1 413 ')
  })

  it('HTTP/2 serves an upload and a refusal beside each other', async () => {
    using session = await http2Client({ url: client.base, ca: front.ca })
    const send = async (body: Buffer) =>
      await session.ask({
        ...{ ':method': 'POST', ':path': '/create', 'content-type': 'application/x-tar', 'prefer': 'respond-async' },
        'content-length': body.length,
      }, body)
    const [made, refused] = await Promise.all([
      send(tarOf(designMembers())),
      send(makeTar([{ name: 'other' }, { name: 'coredump', content: randomBytes(2 * MIB) }])),
    ])
    expect([made.status, refused.status]).toEqual([201, 403])
    expect(made.headers['x-task-password']).toMatch(/^[a-zA-Z0-9]{22}$/)
    expect(refused.text).toMatch(/other/)
  })

  it('an upload in parts goes on where it broke off, by either HTTP, and is dropped by DELETE', async () => {
    const body = tarOf(designMembers(Buffer.concat([fakeCore(4096), randomBytes(2 * MIB)])))
    const path = await begun({ client }, { 'Upload-Length': String(body.length) })
    using connection = await raw()
    const fields = {
      ...{ 'Upload-Offset': 0, 'Upload-Complete': '?1', 'Content-Length': body.length },
      'Content-Type': 'application/partial-upload',
    }
    await connection.write(head(fields).replace('POST /create', `PATCH ${path}`))
    await connection.write(body.subarray(0, MIB))
    // Who asks how much is there ends the request that still brings it: so the spool is looked at.
    await eventually(() => partsOf(server).some((name) => statSync(server.spool(name, 'body')).size > 0))
    connection.socket.destroy()
    using session = await http2Client({ url: client.base, ca: front.ca })
    let offset = -1
    await eventually(async () => {
      // A proxy may still hand on what it has read; then the rest is refused for its place.
      offset = (await stateOf({ client }, path)).offset ?? 0
      const { status, headers } = await session.ask({
        ...{
          ':method': 'PATCH',
          ':path': path,
          'content-type': 'application/partial-upload',
          'prefer': 'respond-async',
        },
        ...{ 'upload-offset': offset, 'upload-complete': '?1', 'content-length': body.length - offset },
      }, body.subarray(offset))
      return status === 201 && /^[a-zA-Z0-9]{22}$/.test(String(headers['x-task-password']))
    })
    expect(offset).toBeGreaterThan(0)
    const dropped = await begun({ client })
    expect((await client.ask(dropped, { method: 'DELETE' })).status).toBe(204)
    expect((await stateOf({ client }, dropped)).status).toBe(404)
  })

  it('the log has the address of the client, whatever it says of itself', async () => {
    using connection = await raw()
    await connection.write(
      'GET /nothing-here HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: http\r\n\r\n',
    )
    expect(await connection.until(/HTTP\/1\.1 404 /)).not.toContain('Only HTTPS')
    await eventually(() => /nothing-here[^\n]*127\.0\.0\.2|127\.0\.0\.2[^\n]*nothing-here/.test(server.log()))
    expect(server.log()).not.toContain('192.0.2.7')
  })

  // What Connection names goes no further (RFC 9110, 7.6.1): a client could name what the proxy says of it.
  it.each([
    ['X-Forwarded-For', 'GET'],
    ['close, X-Forwarded-Proto, X-Forwarded-For', 'HEAD'],
  ])('no client takes away what the proxy says of it: Connection: %s', async (named, method) => {
    using connection = await raw()
    await connection.write(`${method} /openapi.json HTTP/1.1\r\nHost: localhost\r\nConnection: ${named}\r\n\r\n`)
    expect(await connection.until(/^HTTP\/1\.1 [^]*\r\n\r\n/)).toMatch(/^HTTP\/1\.1 200 /)
    const told = new RegExp(`${method} /openapi\\.json .*from 127\\.0\\.0\\.2$`, 'm')
    await eventually(() => told.test(server.log()))
  })

  it('a page of the server may change something on a port that is not 443, too', async () => {
    const { id, password } = await createTask({ client })
    const by = async (origin: string) =>
      (await client.ask(`/${id}`, { method: 'DELETE', password, headers: { Origin: origin } })).status
    expect([await by(`https://127.0.0.1:${front.port + 1}`), await by(client.base)]).toEqual([403, 204])
  })

  it('an address and a header as long as the server takes them pass', async () => {
    const long = 'a'.repeat(9500)
    expect((await client.ask(`/${long}`)).text).toContain('There is nothing at this address')
    expect((await client.ask('/settings', { headers: { 'X-Long': long } })).status).toBe(200)
  })
})
