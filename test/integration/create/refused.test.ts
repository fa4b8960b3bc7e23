import { Buffer } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { designMembers, fakeCore, makeTar, MIB, pack, tarOf } from '../../helpers/archives.ts'
import { parseAnswers, type RawConnection } from '../../helpers/client.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { http2Client, onOpenConnection } from '../../helpers/http2.ts'
import { startServer, type TestServer } from '../../helpers/server.ts'
import { eventually, scriptedWorker, SUCCEED } from '../../helpers/task.ts'
import { spoolEntries } from '../../helpers/spool_entries.ts'

let folder: Folder
let server: TestServer

beforeAll(async () => {
  folder = await temporaryFolder()
  server = await startServer({
    workerCommand: scriptedWorker(folder, SUCCEED),
    settings: { RETRACE_MAX_PACKED_MB: '8', RETRACE_MAX_UNPACKED_MB: '20', RETRACE_UPLOAD_IDLE_S: '2' },
  })
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

const NEXT = 'GET /settings HTTP/1.1\r\nHost: x\r\n\r\n'

function head(headers: Record<string, string | number>): string {
  const lines = Object.entries({ Host: 'x', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`)
  return `POST /create HTTP/1.1\r\n${lines.join('')}\r\n`
}

function spoolNames(): string[] {
  return spoolEntries(server.config.spoolDir)
}

/** Sends a head and a whole body, then a second request, and only then looks at what came. */
async function writeAllThenRead(raw: RawConnection, headText: string, body: Uint8Array) {
  raw.socket.pause()
  await raw.write(headText)
  for (let at = 0; at < body.length; at += MIB) await raw.write(body.subarray(at, at + MIB))
  await raw.write(NEXT)
  raw.socket.resume()
  await raw.until(/HTTP\/1\.1 200 OK[^]*running_tasks/)
  return parseAnswers(raw.received)
}

describe('a refused upload, its client writing all of its body before it reads', () => {
  const large = randomBytes(7 * MIB)
  const cases: [string, number, Record<string, string>, Uint8Array][] = [
    ['a wrong type', 415, { 'Content-Type': 'text/plain' }, large],
    ['a wrong encoding', 415, { 'Content-Type': 'application/x-core', 'Content-Encoding': 'br' }, large],
    ['a wrong task type', 400, { 'Content-Type': 'application/x-xz', 'X-Task-Type': '1' }, large],
    ['too large a body', 413, { 'Content-Type': 'application/x-xz' }, randomBytes(12 * MIB)],
    ['a body that is no xz', 400, { 'Content-Type': 'application/x-xz' }, large],
    ['a core that is none', 400, { 'Content-Type': 'application/x-core' }, large],
    [
      'an unknown member at its beginning',
      403,
      { 'Content-Type': 'application/x-tar' },
      makeTar([{ name: 'other' }, { name: 'coredump', content: large }]),
    ],
    ['a missing member', 403, { 'Content-Type': 'application/x-tar' }, tarOf({ coredump: large })],
    ['a core that unpacks to too much', 413, { 'Content-Type': 'application/x-core' }, fakeCore(0)],
  ]

  it.each(cases)('shows the reason and keeps the connection: %s', async (_, status, headers, body) => {
    const sent = headers['Content-Type'] === 'application/x-core' && status === 413
      ? pack('gzip', Buffer.concat([fakeCore(21 * MIB), large]))
      : body
    const more: Record<string, string> = sent === body ? {} : { 'Content-Encoding': 'gzip' }
    using raw = await server.client.raw()
    const headText = head({ ...headers, ...more, 'Content-Length': sent.length })
    const [refusal, next] = await writeAllThenRead(raw, headText, sent)
    expect(refusal?.status).toBe(status)
    expect(refusal?.head).toMatch(/^content-length: [1-9]/im)
    expect(refusal?.head).not.toMatch(/connection: close/i)
    expect(refusal?.body).toMatch(/^[A-Z].*\n$/)
    expect(next?.status).toBe(200)
    expect(spoolNames().filter((name) => !/^[0-9]+$/.test(name))).toEqual([])
  })

  it('answers at once, while the client is still sending', async () => {
    using raw = await server.client.raw()
    await raw.write(head({ 'Content-Type': 'text/plain', 'Content-Length': 5 * MIB }))
    await raw.until(/HTTP\/1\.1 415 [^]*\r\n\r\nContent-Type 'text\/plain' is not known here[^]*\n$/)
    expect(raw.isClosed).toBe(false)
    await raw.write(Buffer.alloc(5 * MIB))
    await raw.write(NEXT)
    await raw.until(/HTTP\/1\.1 200 OK/)
    expect(parseAnswers(raw.received).map(({ status }) => status)).toEqual([415, 200])
  })

  it('cuts off a refused upload past twice RETRACE_MAX_PACKED_MB, after the reason has left', async () => {
    using raw = await server.client.raw()
    await raw.write(head({ 'Content-Type': 'application/x-xz', 'Content-Length': 1000 * MIB }))
    await raw.until(/HTTP\/1\.1 413 /)
    let sent = 0
    for (; sent < 100 && !raw.isClosed; sent++) await raw.write(Buffer.alloc(MIB))
    await raw.closed()
    expect(sent).toBeGreaterThanOrEqual(15)
    expect(sent).toBeLessThan(60)
    expect(raw.received).toContain('RETRACE_MAX_PACKED_MB')
  })

  it('tells a client whose upload is too large the limit as problem+json when it asks for that', async () => {
    const reply = await server.client.ask('/create', {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-xz', 'Accept': 'application/problem+json' },
      body: Buffer.alloc(9 * MIB),
    })
    expect(reply.status).toBe(413)
    expect(reply.headers['content-type']).toBe('application/problem+json')
    expect(reply.json()).toMatchObject({
      status: 413,
      code: 'packed-too-large',
      limit: { setting: 'RETRACE_MAX_PACKED_MB', value: 8, unit: 'MiB' },
    })
  })
})

describe('a method that is not POST', () => {
  it.each(['GET', 'PUT', 'DELETE', 'PATCH'])(
    'answers %s /create with 405 and Allow: POST, OPTIONS',
    async (method) => {
      const reply = await server.client.ask('/create', { method, ...(method === 'PUT' && { body: Buffer.alloc(MIB) }) })
      expect(reply.status).toBe(405)
      expect(reply.headers.allow).toBe('POST, OPTIONS')
    },
  )
})

describe('Content-Length', () => {
  it('demands a Content-Length with 411, of chunked bodies too, and keeps the connection', async () => {
    using raw = await server.client.raw()
    await raw.write(
      `${head({ 'Content-Type': 'application/x-xz', 'Transfer-Encoding': 'chunked' })}5\r\nhello\r\n0\r\n\r\n${NEXT}`,
    )
    await raw.until(/HTTP\/1\.1 200 OK[^]*running_tasks/)
    const [refusal, next] = parseAnswers(raw.received)
    expect(refusal?.status).toBe(411)
    expect(refusal?.body).toContain('curl --data-binary')
    expect(next?.status).toBe(200)
  })

  it.each([
    ['is unreadable', { 'Content-Length': 'abc' }],
    ['is negative', { 'Content-Length': '-5' }],
    ['is there twice', { 'Content-Length': '5\r\nContent-Length: 6' }],
    ['stands beside Transfer-Encoding', { 'Content-Length': '5', 'Transfer-Encoding': 'chunked' }],
  ])('refuses with 400 and closes, by the parser, when Content-Length %s', async (_, headers) => {
    using raw = await server.client.raw()
    await raw.write(head({ 'Content-Type': 'text/nothing', ...headers }))
    await raw.closed()
    const [refusal] = parseAnswers(raw.received)
    expect(refusal?.status).toBe(400)
    expect(refusal?.head).toMatch(/content-type: text\/plain; charset=utf-8/i)
    expect(refusal?.body).toMatch(/\n$/)
  })

  it('bounds the body: over HTTP/1.1 what is more is the next request', async () => {
    const tar = tarOf(designMembers())
    using raw = await server.client.raw()
    const headers = head({
      'Content-Type': 'application/x-tar',
      'Content-Length': tar.length,
      'Prefer': 'respond-async',
    })
    await raw.write(Buffer.concat([Buffer.from(headers), tar, Buffer.from(NEXT)]))
    await raw.until(/running_tasks/)
    expect(parseAnswers(raw.received).map(({ status }) => status)).toEqual([201, 200])
    using garbage = await server.client.raw()
    await garbage.write(Buffer.concat([Buffer.from(headers), tar, Buffer.from('garbage\r\n\r\n')]))
    await garbage.closed()
    expect(parseAnswers(garbage.received).map(({ status }) => status)).toEqual([201, 400])
  })

  it('bounds the body: over HTTP/2 the stream is reset, and the next upload is taken', async () => {
    using client = await http2Client(server)
    const tar = tarOf(designMembers())
    const before = spoolNames()
    const headers = { ':method': 'POST', ':path': '/create', 'content-type': 'application/x-tar' }
    const more = await client.ask({ ...headers, 'content-length': tar.length - 512 }, tar)
    expect(more.status).not.toBe(201)
    expect(more.rstCode).not.toBe(0)
    using second = await onOpenConnection(client, server)
    const less = await second.ask({ ...headers, 'content-length': tar.length + 1 }, tar)
    expect(less.status).not.toBe(201)
    expect(less.rstCode).not.toBe(0)
    await eventually(() => spoolNames().length === before.length)
    using third = await onOpenConnection(second, server)
    const right = await third.ask({ ...headers, 'content-length': tar.length, 'prefer': 'respond-async' }, tar)
    expect(right.status).toBe(201)
  })
})

describe('Expect: 100-continue', () => {
  const tar = tarOf(designMembers())

  it('answers Expect: 100-continue with 100 once the headers have passed, then 201', async () => {
    using raw = await server.client.raw()
    const headers = {
      'Content-Type': 'application/x-tar',
      'Content-Length': tar.length,
      'Expect': '100-continue',
      'Prefer': 'respond-async',
    }
    await raw.write(head(headers))
    await raw.until(/^HTTP\/1\.1 100 Continue\r\n\r\n$/)
    await raw.write(tar)
    await raw.until(/HTTP\/1\.1 201 Created/)
    await raw.write(NEXT)
    await raw.until(/running_tasks/)
    expect(parseAnswers(raw.received).map(({ status }) => status)).toEqual([100, 201, 200])
  })

  it('answers Expect: 100-continue with the refusal in place of the 100, closes, and drains what still comes', async () => {
    using raw = await server.client.raw()
    await raw.write(head({ 'Content-Type': 'text/plain', 'Content-Length': 5 * MIB, 'Expect': '100-continue' }))
    await raw.until(/^HTTP\/1\.1 415 [^]*coredumpctl dump[^]*\n$/)
    expect(raw.received).toMatch(/connection: close/i)
    expect(raw.isClosed).toBe(false)
    for (let sent = 0; sent < 5; sent++) await raw.write(Buffer.alloc(MIB))
    await raw.closed()
    expect(raw.received).not.toContain('100 Continue')
    expect(parseAnswers(raw.received)).toHaveLength(1)
  })

  it('closes a connection soon after a refusal when nothing more comes', async () => {
    using raw = await server.client.raw()
    await raw.write(head({ 'Content-Type': 'text/plain', 'Content-Length': 5 * MIB, 'Expect': '100-continue' }))
    await raw.until(/^HTTP\/1\.1 415 /)
    await raw.closed(12_000)
    expect(parseAnswers(raw.received)).toHaveLength(1)
  })

  it('answers with the reason when a body that was asked for by 100 turns out wrong', async () => {
    using raw = await server.client.raw()
    await raw.write(head({ 'Content-Type': 'application/x-xz', 'Content-Length': MIB, 'Expect': '100-continue' }))
    await raw.until(/^HTTP\/1\.1 100 Continue\r\n\r\n$/)
    await raw.write(Buffer.alloc(MIB, 'x'))
    await raw.write(NEXT)
    await raw.until(/HTTP\/1\.1 200 OK/)
    expect(raw.received).toContain('HTTP/1.1 400 Bad Request')
  })
})

describe('an upload that stalls or breaks off', () => {
  it('answers a stalled upload with 408 after RETRACE_UPLOAD_IDLE_S, closes, and leaves nothing', async () => {
    using raw = await server.client.raw()
    const before = spoolNames()
    await raw.write(head({ 'Content-Type': 'application/x-xz', 'Content-Length': MIB }))
    const packed = pack('xz', tarOf(designMembers(randomBytes(MIB))))
    const begin = Date.now()
    await raw.write(packed.subarray(0, 100_000))
    await raw.closed()
    // Counted from before the last byte: a busy machine only makes it longer.
    expect(Date.now() - begin).toBeGreaterThan(1900)
    const [refusal] = parseAnswers(raw.received)
    expect(refusal?.status).toBe(408)
    expect(refusal?.head).toMatch(/connection: close/i)
    expect(refusal?.body).toContain('RETRACE_UPLOAD_IDLE_S')
    expect(spoolNames()).toEqual(before)
  })

  it('goes on as long as something comes', async () => {
    using raw = await server.client.raw()
    const tar = tarOf(designMembers())
    await raw.write(
      head({ 'Content-Type': 'application/x-tar', 'Content-Length': tar.length, 'Prefer': 'respond-async' }),
    )
    const step = Math.ceil(tar.length / 4)
    for (let at = 0; at < tar.length; at += step) {
      await raw.write(tar.subarray(at, at + step))
      await new Promise((resolve) => setTimeout(resolve, 700))
    }
    expect(await raw.until(/HTTP\/1\.1 201 Created/)).not.toContain('408')
  })

  it.each(['application/x-tar', 'application/x-gzip', 'application/x-xz', 'application/zstd'])(
    'leaves nothing when its client vanishes (%s), and its place is free again',
    async (type) => {
      const before = spoolNames()
      const tar = tarOf(designMembers(Buffer.concat([fakeCore(), randomBytes(3 * MIB)])))
      const packer = { 'application/x-gzip': 'gzip', 'application/x-xz': 'xz', 'application/zstd': 'zstd' } as const
      const body = type === 'application/x-tar' ? tar : pack(packer[type as keyof typeof packer], tar, ['-1'])
      for (const end of ['destroy', 'end'] as const) {
        const raw = await server.client.raw()
        await raw.write(head({ 'Content-Type': type, 'Content-Length': body.length }))
        await raw.write(body.subarray(0, 2 * MIB))
        await eventually(() => spoolNames().some((name) => name.startsWith('upload-')))
        if (end === 'destroy') raw.socket.destroy()
        else raw.socket.end()
        await eventually(() => spoolNames().length === before.length)
        await eventually(async () => (await server.client.ask('/settings')).text.includes('running_tasks 0\n'))
        raw.socket.destroy()
      }
      expect(spoolNames()).toEqual(before)
    },
  )

  it('leaves nothing when its HTTP/2 stream is reset', async () => {
    using client = await http2Client(server)
    const before = spoolNames()
    const stream = client.session.request({
      ':method': 'POST',
      ':path': '/create',
      'content-type': 'application/x-tar',
      'content-length': 7 * MIB,
    })
    stream.on('error', () => undefined)
    stream.write(tarOf(designMembers(Buffer.alloc(3 * MIB, 'x'))).subarray(0, 2 * MIB))
    await eventually(() => spoolNames().some((name) => name.startsWith('upload-')))
    stream.close(8)
    await eventually(() => spoolNames().length === before.length)
    expect((await client.ask({ ':path': '/settings' })).text).toContain('running_tasks')
  })
})

describe('HTTP/2', () => {
  it('shows the reason of a refusal to who sends on, ends the stream without an error, and keeps the connection', async () => {
    using client = await http2Client(server)
    for (let round = 0; round < 3; round++) {
      const stream = client.session.request({
        ':method': 'POST',
        ':path': '/create',
        'content-type': 'application/x-xz',
        'content-length': 6 * MIB,
      })
      stream.on('error', () => undefined)
      let status = 0
      let text = ''
      stream.on('response', (headers) => status = Number(headers[':status']))
      stream.on('data', (chunk: Uint8Array) => text += Buffer.from(chunk).toString())
      stream.write(Buffer.alloc(6 * MIB, 'x'))
      await new Promise((resolve) => stream.on('end', resolve))
      expect(status).toBe(400)
      expect(text).toContain('not xz')
      stream.end()
      await eventually(() => stream.destroyed)
      expect(stream.rstCode).toBe(0)
    }
    expect((await client.ask({ ':path': '/settings' })).text).toContain('running_tasks 0\n')
  })
})
