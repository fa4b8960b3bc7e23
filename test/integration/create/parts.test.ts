/** Uploads in parts (docs/http.md, 'Uploads in parts'): the IETF draft 'Resumable Uploads for HTTP', by careful creation. */
import { Buffer } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { designMembers, fakeCore, MIB, pack, tarOf } from '../../helpers/archives.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { begin, begun, partsOf, patch, stateOf } from '../../helpers/parts.ts'
import { startServer } from '../../helpers/server.ts'
import { endOf, scriptedWorker, SUCCEED } from '../../helpers/task.ts'

const core = Buffer.concat([fakeCore(), randomBytes(MIB), Buffer.alloc(MIB)])
const tar = tarOf(designMembers(core))

let folder: Folder
let server: Awaited<ReturnType<typeof startServer>>

beforeAll(async () => {
  folder = await temporaryFolder()
  server = await startServer({
    workerCommand: scriptedWorker(folder, SUCCEED),
    settings: { RETRACE_MAX_UPLOADS_PER_CLIENT: '100', RETRACE_MAX_PACKED_MB: '4' },
  })
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

describe('an upload in parts', () => {
  it('says how much of it is here, and becomes the task that one request would have made of it', async () => {
    const created = await begin(server, { 'Upload-Length': String(tar.length) })
    expect(created).toMatchObject({
      status: 201,
      text: '',
      headers: {
        'location': expect.stringMatching(/^\/uploads\/[a-zA-Z0-9]{22}$/),
        'upload-offset': '0',
        'upload-limit': expect.stringMatching(/^max-size=4194304, max-age=(3600|3599)$/),
      },
    })
    const path = String(created.headers.location)
    expect(await patch(server, path, { body: tar.subarray(0, 1_000_000) })).toMatchObject({
      status: 204,
      headers: { 'upload-complete': '?0', 'upload-offset': '1000000' },
    })
    expect(await stateOf(server, path)).toEqual({
      status: 204,
      complete: '?0',
      offset: 1_000_000,
      length: String(tar.length),
      limit: expect.stringMatching(/^max-size=4194304, max-age=\d+$/),
      task: undefined,
    })
    const last = await patch(server, path, {
      offset: 1_000_000,
      body: tar.subarray(1_000_000),
      complete: '?1',
      headers: { Prefer: 'return=minimal' },
    })
    expect(last.status).toBe(201)
    const { 'x-task-id': id, 'x-task-password': password, location, 'upload-complete': complete } = last.headers
    expect({ location, complete }).toEqual({ location: `/${id}`, complete: '?1' })
    // The body is that of POST /create: the log, the status, the backtrace.
    expect(last.text).toMatch(/^X-Task-Status: PENDING\n[^]*X-Task-Status: FINISHED_SUCCESS\n/)
    expect(await stateOf(server, path)).toMatchObject({ complete: '?1', offset: tar.length, task: id })
    expect((await server.client.ask(path, { method: 'HEAD' })).headers['x-task-password']).toBe(password)
    expect((await server.client.ask(`/${id}`, { password: String(password) })).status).toBe(200)
  })

  it('may bring its beginning with its first request, and need not say its length before the end', async () => {
    const created = await begin(server, {}, tar.subarray(0, 500))
    expect(created).toMatchObject({ status: 201, headers: { 'upload-offset': '500' } })
    const path = String(created.headers.location)
    expect((await stateOf(server, path)).length).toBeUndefined()
    expect((await patch(server, path, { offset: 500, body: tar.subarray(500) })).status).toBe(204)
    const last = await patch(server, path, { offset: tar.length, complete: '?1' })
    expect(last.status).toBe(201)
    const [id, password] = [last.headers['x-task-id'], last.headers['x-task-password']].map(String)
    expect(await endOf(server, { id: id ?? '', password: password ?? '', estimate: 0 })).toBe('FINISHED_SUCCESS')
  })

  it.each([
    ['application/x-core', 'xz', () => pack('xz', core, ['-0'])],
    ['application/x-core', 'zstd', () => pack('zstd', core)],
    ['application/x-core', undefined, () => core],
    ['application/x-xz', undefined, () => pack('xz', tar, ['-0'])],
  ])('keeps type and coding of the whole: %s %s', async (type, coding, make) => {
    const body = make()
    const path = await begun(server, { 'Content-Type': type, ...(coding && { 'Content-Encoding': coding }) })
    for (let at = 0; at < body.length; at += 700_000) {
      const end = Math.min(body.length, at + 700_000)
      const complete = end === body.length ? '?1' : '?0'
      const reply = await patch(server, path, { offset: at, body: body.subarray(at, end), complete })
      expect(reply.status).toBe(complete === '?1' ? 201 : 204)
    }
  })

  it('answers OPTIONS with what may be sent', async () => {
    for (
      const [path, allow] of [['/create', 'POST, OPTIONS'], ['/uploads/x', 'GET, PATCH, DELETE, OPTIONS']] as const
    ) {
      expect(await server.client.ask(path, { method: 'OPTIONS' })).toMatchObject({
        status: 204,
        headers: { 'allow': allow, 'accept-patch': 'application/partial-upload' },
      })
    }
    const { headers } = await server.client.ask('/create', { method: 'OPTIONS' })
    expect(headers['upload-limit']).toBe('max-size=4194304, max-age=3600')
  })
})

describe('what contradicts the state of an upload', () => {
  it('is refused with the offset or the length that is right, and changes nothing', async () => {
    const path = await begun(server, { 'Upload-Length': '1000' })
    await patch(server, path, { body: tar.subarray(0, 600) })
    const json = { Accept: 'application/problem+json' }
    const type = (name: string) => `https://iana.org/assignments/http-problem-types#${name}`
    const wrong = await patch(server, path, { offset: 700, body: tar.subarray(0, 1), headers: json })
    expect(wrong).toMatchObject({ status: 409, headers: { 'upload-offset': '600', 'upload-complete': '?0' } })
    expect(wrong.json()).toMatchObject({
      type: type('mismatching-upload-offset'),
      'expected-offset': 600,
      'provided-offset': 700,
      code: 'upload-offset-mismatch',
    })
    const lengths: Record<string, Parameters<typeof patch>[2]> = {
      'more than announced': { offset: 600, body: tar.subarray(0, 500) },
      'complete with less': { offset: 600, body: tar.subarray(0, 100), complete: '?1' },
      'another length': { offset: 600, body: tar.subarray(0, 10), headers: { 'Upload-Length': '1001' } },
      'two lengths in one': {
        offset: 600,
        body: tar.subarray(0, 400),
        complete: '?1',
        headers: { 'Upload-Length': '7' },
      },
    }
    for (const [name, part] of Object.entries(lengths)) {
      const reply = await patch(server, path, { ...part, headers: { ...part?.headers, ...json } })
      expect([name, reply.status, reply.json().type]).toEqual([name, 400, type('inconsistent-upload-length')])
    }
    expect(await stateOf(server, path)).toMatchObject({ offset: 600, complete: '?0', length: '1000' })
  })

  it('is refused where a field is missing or is none, or the type is another', async () => {
    const path = await begun(server)
    const headers: [Record<string, string>, number][] = [
      [{ 'Upload-Offset': '-1' }, 400],
      [{ 'Upload-Offset': '0.0' }, 400],
      [{ 'Upload-Offset': '"0"' }, 400],
      [{ 'Upload-Offset': '9'.repeat(400) }, 400],
      [{ 'Upload-Complete': '1' }, 400],
      [{ 'Upload-Complete': 'true' }, 400],
      [{ 'Content-Type': 'application/octet-stream' }, 415],
      [{ 'Content-Encoding': 'gzip' }, 415],
    ]
    for (const [each, status] of headers) {
      expect([each, (await patch(server, path, { headers: each })).status]).toEqual([each, status])
    }
    expect((await server.client.ask(path, { method: 'POST' })).headers.allow).toBe('GET, HEAD, PATCH, DELETE, OPTIONS')
    expect(await stateOf(server, path)).toMatchObject({ offset: 0 })
  })

  it('is refused once the upload is complete, with the task it is', async () => {
    const path = await begun(server)
    const id = (await patch(server, path, { body: tar, complete: '?1' })).headers['x-task-id']
    const json = { Accept: 'application/json' }
    const again = await patch(server, path, { offset: tar.length, complete: '?1', headers: json })
    expect(again).toMatchObject({ status: 410, headers: { 'location': `/${id}`, 'upload-complete': '?1' } })
    expect(again.json().type).toBe('https://iana.org/assignments/http-problem-types#completed-upload')
    const more = await patch(server, path, { offset: tar.length, body: tar, headers: json })
    expect(more.status).toBe(400)
    expect(more.json().type).toBe('https://iana.org/assignments/http-problem-types#inconsistent-upload-length')
    expect((await server.client.ask(path, { method: 'DELETE' })).status).toBe(204)
    expect((await server.client.ask(path, { method: 'HEAD' })).status).toBe(404)
  })

  it('is refused where it is larger than any upload may be, with the limits', async () => {
    const limit = expect.stringMatching(/^max-size=4194304, /)
    const announced = await begin(server, { 'Upload-Length': String(4 * MIB + 1) })
    expect(announced).toMatchObject({ status: 413, headers: { 'upload-limit': limit } })
    const path = await begun(server)
    const zeros = new Uint8Array(3 * MIB)
    expect((await patch(server, path, { body: zeros })).status).toBe(204)
    expect(await patch(server, path, { offset: 3 * MIB, body: zeros })).toMatchObject({
      status: 413,
      headers: { 'upload-limit': limit },
    })
    await server.client.ask(path, { method: 'DELETE' })
  })

  it('is gone with what cannot be unpacked, as after one request, and says that all of it came', async () => {
    const before = partsOf(server).length
    const path = await begun(server)
    expect(await patch(server, path, { body: Buffer.from('no tar'), complete: '?1' })).toMatchObject({
      status: 400,
      headers: { 'upload-complete': '?1' },
    })
    expect((await server.client.ask(path, { method: 'HEAD' })).status).toBe(404)
    expect(partsOf(server)).toHaveLength(before)
  })
})
