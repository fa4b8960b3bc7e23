/** Results compressed for who asks, and for nobody else (docs/http.md, 'Rules for every answer'; RFC 9110, 8.8 and 12.5.3). */
import { execFile, spawnSync } from 'node:child_process'
import { readdirSync, renameSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CODINGS } from '../../../src/stream/coding.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { http2Client } from '../../helpers/http2.ts'
import { startServer, type TestServer } from '../../helpers/server.ts'
import type { Program } from '../../../src/start.ts'
import { type CreatedTask, createTask, endOf, scriptedWorker, SUCCEED } from '../../helpers/task.ts'

describe('a result in a coding', () => {
  const large = Array.from({ length: 30_000 }, (_, n) => `#${n}  0x${(n * 7919).toString(16)} in f${n % 97} ()\n`)
    .join('')
  const decoders: Record<string, (bytes: Uint8Array) => Uint8Array> = {
    gzip: gunzipSync,
    zstd: (bytes) => spawnSync('zstd', ['-dc'], { input: bytes, maxBuffer: 1e8 }).stdout,
  }
  let folder: Folder
  let server: TestServer & { program: Program }
  let task: CreatedTask
  beforeAll(async () => {
    folder = await temporaryFolder()
    server = await startServer({ workerCommand: scriptedWorker(folder, SUCCEED) })
    task = await createTask(server, {
      coredump: 'core',
      architecture: 'x86_64',
      release: 'Debian good',
      packages: 'bash_5.2.15-2+b7_amd64',
    })
    await endOf(server, task)
    writeFileSync(server.spool(task.id, 'backtrace'), large)
  })
  afterAll(async () => {
    await server[Symbol.asyncDispose]()
    await folder[Symbol.asyncDispose]()
  })
  const ask = (headers: Record<string, string>, method = 'GET') =>
    server.client.ask(`/${task.id}/backtrace`, { password: task.password, headers, method })

  it.each<[string, Record<string, string>]>([
    ['nothing', {}],
    ['an empty list', { 'Accept-Encoding': '' }],
    ['identity', { 'Accept-Encoding': 'identity' }],
    ['anything', { 'Accept-Encoding': '*' }],
    ['other codings', { 'Accept-Encoding': 'br, deflate, compress' }],
    ['gzip never', { 'Accept-Encoding': 'gzip;q=0, zstd;q=0' }],
    ['gzip less than nothing', { 'Accept-Encoding': 'identity;q=1, gzip;q=0.5' }],
    ['what is none', { 'Accept-Encoding': ';;q=,gzip;q=x' }],
  ])('sends none to who asked for %s', async (_, headers) => {
    const reply = await ask(headers)
    expect(reply.headers).not.toHaveProperty('content-encoding')
    expect(reply.headers).toMatchObject({ 'content-length': String(large.length), 'vary': 'Accept, Accept-Encoding' })
    expect(reply.headers.etag).toMatch(/^"[^"]+"$/)
    expect(reply.text === large).toBe(true)
  })

  it.each([
    ['gzip', 'gzip'],
    ['gzip, deflate', 'gzip'],
    ['x-gzip', 'gzip'],
    ['GZIP;Q=0.1', 'gzip'],
    ['deflate, gzip;q=1.0, *;q=0.5', 'gzip'],
    ['identity;q=0.5, gzip;q=0.5', 'gzip'],
    ['gzip, deflate, br, zstd', CODINGS[0]],
    ['gzip;q=1, zstd;q=0.9', 'gzip'],
    ['zstd', CODINGS.includes('zstd') ? 'zstd' : undefined],
  ])('sends what was asked for, with its length: %s', async (asked, coding) => {
    const reply = await ask({ 'Accept-Encoding': asked })
    expect(reply.headers['content-encoding']).toBe(coding)
    expect(reply.headers['content-length']).toBe(String(reply.body.length))
    const plain = coding === undefined ? reply.body : decoders[coding]?.(reply.body) ?? new Uint8Array()
    expect(new TextDecoder().decode(plain) === large).toBe(true)
    if (coding !== undefined) expect(reply.body.length).toBeLessThan(large.length / 3)
  })

  it('gives each coding a tag of its own, and 304 to who has it', async () => {
    const plain = (await ask({})).headers.etag ?? ''
    const packed = (await ask({ 'Accept-Encoding': 'gzip' })).headers.etag ?? ''
    expect(packed).toMatch(/^W\/"[^"]+-gzip"$/)
    for (
      const [known, asked, status] of [
        [plain, 'identity', 304],
        [`"other", W/${plain}`, 'identity', 304],
        ['*', 'identity', 304],
        [packed, 'gzip', 304],
        [packed, 'identity', 200],
        [plain, 'gzip', 200],
      ] as const
    ) {
      const reply = await ask({ 'If-None-Match': known, 'Accept-Encoding': asked })
      expect([known, asked, reply.status]).toEqual([known, asked, status])
      expect(reply.headers.vary).toBe('Accept, Accept-Encoding')
      if (status === 304) expect([reply.text, reply.headers.etag]).toEqual(['', asked === 'gzip' ? packed : plain])
    }
  })

  it('HEAD says the same as GET', async () => {
    const { headers, text } = await ask({ 'Accept-Encoding': 'gzip' }, 'HEAD')
    expect(text).toBe('')
    expect(headers).toMatchObject({ 'content-encoding': 'gzip', 'content-length': expect.stringMatching(/^[0-9]+$/) })
  })

  const made = async () => {
    const { values } = await server.program.services.metrics.codings.get()
    return values.find(({ labels }) => labels.from === 'made')?.value ?? 0
  }

  it('makes one for hundreds that ask at once, and none for who asks again', async () => {
    writeFileSync(server.spool(task.id, 'backtrace'), large)
    const before = await made()
    const client = await http2Client(server)
    const path = `/${task.id}/backtrace`
    const headers = { ':path': path, 'x-task-password': task.password, 'accept-encoding': 'gzip' }
    const replies = await Promise.all(Array.from({ length: 300 }, () => client.ask(headers)))
    expect(new Set(replies.map((reply) => `${reply.status} ${reply.headers['content-encoding']}`)))
      .toEqual(new Set(['200 gzip']))
    expect(await made()).toBe(before + 1)
    expect((await ask({ 'Accept-Encoding': 'gzip' })).headers['content-encoding']).toBe('gzip')
    expect(await made()).toBe(before + 1)
    client[Symbol.dispose]()
    const leftOver = readdirSync(server.spool(task.id)).filter((name) => name.endsWith('.partial'))
    expect(leftOver).toEqual([])
  })

  it('makes none for HEAD, and none of what may still change', async () => {
    writeFileSync(server.spool(task.id, 'backtrace'), `${large}#\n`)
    const before = await made()
    const { headers } = await ask({ 'Accept-Encoding': 'gzip' }, 'HEAD')
    expect(headers).toMatchObject({ 'content-encoding': 'gzip', 'etag': expect.stringMatching(/^W/) })
    expect(headers).not.toHaveProperty('content-length')
    expect(await made()).toBe(before)
    // The result was replaced: what was made of the one before is not sent.
    const { body } = await ask({ 'Accept-Encoding': 'gzip' })
    expect(gunzipSync(body).length).toBe(large.length + 2)
    renameSync(server.spool(task.id, 'retrace-log'), server.spool(task.id, 'away'))
    writeFileSync(server.spool(task.id, 'modules.json'), large)
    const early = await server.client.ask(`/${task.id}/modules`, {
      password: task.password,
      headers: { 'Accept-Encoding': 'gzip' },
    })
    renameSync(server.spool(task.id, 'away'), server.spool(task.id, 'retrace-log'))
    expect([early.status, early.headers['content-encoding']]).toEqual([200, undefined])
    writeFileSync(server.spool(task.id, 'backtrace'), large)
  })

  it('no real client gets what it cannot decode: curl, curl --compressed, an older HTTP, and ABRT as it asks', async () => {
    const words = ['--header', `X-Task-Password: ${task.password}`, `${server.url}/${task.id}/backtrace`]
    const env = { PATH: process.env.PATH, LC_ALL: 'C.UTF-8' }
    for (
      const [program, ...options] of [['curl', '-sk'], ['curl', '-sk', '--compressed'], ['curl', '-sk', '--http1.0']]
    ) {
      const run = promisify(execFile)(program ?? '', [...options, ...words], { env, maxBuffer: 1e8 })
      expect((await run).stdout === large).toBe(true)
    }
    using raw = await server.client.raw()
    // As abrt 2.10 to 2.14 writes it, whose reader takes the body as it comes.
    await raw.write(
      `GET /${task.id}/backtrace HTTP/1.1\r\nHost: localhost\r\nX-Task-Password: ${task.password}\r\n` +
        'Content-Length: 0\r\nConnection: close\r\nAccept-Charset: utf-8\r\nAccept-Language: en\r\n\r\n',
    )
    const answer = await raw.closed()
    expect(answer.endsWith(large)).toBe(true)
  })
})
