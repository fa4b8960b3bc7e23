/** Uploads in parts that break off, hang, are never completed, or outlive their server. */
import { Buffer } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { partialName } from '../../../src/spool/partial_upload.ts'
import { designMembers, fakeCore, MIB, tarOf } from '../../helpers/archives.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { begin, begun, partsOf, patch, stateOf } from '../../helpers/parts.ts'
import { startServer, type TestServer } from '../../helpers/server.ts'
import { eventually, scriptedWorker, SUCCEED } from '../../helpers/task.ts'

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

/** Bytes of an upload that are written, on the disk or not: asking the server would end who sends. */
function written({ spool }: TestServer, path: string): number {
  return statSync(spool(partialName(path.split('/').at(-1) ?? ''), 'body')).size
}

describe('a connection that breaks', () => {
  const head = (path: string, { offset, complete, length }: { offset: number; complete: string; length: number }) =>
    `PATCH ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/partial-upload\r\nUpload-Offset: ${offset}\r\n` +
    `Upload-Complete: ${complete}\r\nContent-Length: ${length}\r\n\r\n`

  it('costs nothing of what had come', async () => {
    const path = await begun(server, { 'Upload-Length': String(tar.length) })
    {
      using connection = await server.client.raw()
      await connection.write(head(path, { offset: 0, complete: '?1', length: tar.length }))
      await connection.write(tar.subarray(0, 900_000))
      await eventually(() => written(server, path) === 900_000)
    }
    expect((await stateOf(server, path)).offset).toBe(900_000)
    const last = await patch(server, path, { offset: 900_000, body: tar.subarray(900_000), complete: '?1' })
    expect(last.status).toBe(201)
    expect(readFileSync(server.spool(String(last.headers['x-task-id']), 'password'), 'utf8')).toHaveLength(22)
  })

  it('that hangs is taken over by who comes next: HEAD, PATCH or DELETE', async () => {
    for (const method of ['HEAD', 'PATCH', 'DELETE'] as const) {
      const path = await begun(server)
      using connection = await server.client.raw()
      await connection.write(head(path, { offset: 0, complete: '?1', length: tar.length }))
      await connection.write(tar.subarray(0, 100))
      await eventually(() => written(server, path) === 100)
      if (method === 'HEAD') expect((await stateOf(server, path)).offset).toBe(100)
      else if (method === 'PATCH') {
        const reply = await patch(server, path, { offset: 100, body: tar.subarray(100), complete: '?1' })
        expect(reply.status).toBe(201)
      } else {
        expect((await server.client.ask(path, { method })).status).toBe(204)
        expect((await stateOf(server, path)).status).toBe(404)
      }
      expect(await connection.until(/^HTTP\/1.1 409 /)).toContain('goes on with it')
    }
  })

  it('lets two that send at once make one task, whole', async () => {
    const path = await begun(server)
    const replies = await Promise.all(
      Array.from({ length: 6 }, () => patch(server, path, { body: tar, complete: '?1' })),
    )
    const made = replies.filter(({ status }) => status === 201)
    expect(replies.map(({ status }) => status).filter((status) => ![201, 400, 409].includes(status))).toEqual([])
    expect(made).toHaveLength(1)
  })
})

describe('uploads that nobody completes', () => {
  it("are no more than an address, and the server, may have; are gone when deleted; and are nobody else's", async () => {
    await using few = await startServer({
      settings: { RETRACE_MAX_UPLOADS_PER_CLIENT: '3', RETRACE_MAX_PARTIAL_UPLOADS: '2' },
    })
    const paths = [await begun(few), await begun(few)]
    const full = await begin(few)
    expect(full.status).toBe(503)
    expect(full.text).toContain('RETRACE_MAX_PARTIAL_UPLOADS')
    expect((await few.client.ask(String(paths[0]), { method: 'DELETE' })).status).toBe(204)
    await begun(few)
    for (const wrong of ['/uploads/x', `${paths[1]}x`, '/uploads/', `/uploads/${'a'.repeat(22)}`]) {
      expect((await few.client.ask(wrong, { method: 'HEAD' })).status).toBe(404)
      expect((await few.client.ask(wrong, { method: 'DELETE' })).status).toBe(404)
    }
    await using fewer = await startServer({ settings: { RETRACE_MAX_UPLOADS_PER_CLIENT: '2' } })
    await begun(fewer)
    await begun(fewer)
    const refused = await begin(fewer)
    expect(refused.status).toBe(429)
    expect(refused.text).toContain('RETRACE_MAX_UPLOADS_PER_CLIENT')
    expect(fewer.program.services.runner.load()).toEqual({ running: 0, queued: 0, uploading: 0, goingOn: 0 })
  })

  it('hold the space that they announced', async () => {
    // Others write to the same disk meanwhile, and give back: what is announced is more than that.
    const freeMb = Math.floor(server.program.services.spool.free() / MIB)
    const partMb = Math.min(2000, Math.floor(freeMb / 3))
    const settings = {
      RETRACE_MIN_FREE_MB: String(freeMb - Math.floor(1.6 * partMb)),
      RETRACE_MAX_PACKED_MB: String(partMb),
    }
    await using tight = await startServer({ settings })
    await begun(tight, { 'Upload-Length': String(partMb * MIB) })
    const refused = await begin(tight, { 'Upload-Length': String(partMb * MIB) })
    expect(refused.status).toBe(507)
    expect(refused.text).toContain('RETRACE_MIN_FREE_MB')
    expect(partsOf(tight)).toHaveLength(1)
  })

  it('end by their age, also where the server was not running', async () => {
    await using kept = await temporaryFolder()
    const settings = { RETRACE_UPLOAD_LIFE_S: '1', RETRACE_MAX_UPLOADS_PER_CLIENT: '1' }
    {
      await using short = await startServer({ folder: kept, settings })
      const path = await begun(short)
      await eventually(() => partsOf(short).length === 0)
      expect((await stateOf(short, path)).status).toBe(404)
      await begun(short)
    }
    await new Promise((resolve) => setTimeout(resolve, 1100))
    await using next = await startServer({ folder: kept, settings })
    expect(partsOf(next)).toEqual([])
    await begun(next)
  })

  it('are not told to who reads the log or the spool', async () => {
    const path = await begun(server)
    const address = path.split('/').at(-1) ?? ''
    expect(JSON.stringify(readdirSync(server.config.spoolDir, { recursive: true }))).not.toContain(address)
    for (const name of partsOf(server)) {
      expect(readdirSync(server.spool(name)).map((each) => readFileSync(server.spool(name, each), 'latin1')).join())
        .not.toContain(address)
    }
  })
})

describe('a server that is full, or starts anew', () => {
  it('keeps what is here, and makes the task when there is room', async () => {
    await using slow = await temporaryFolder()
    writeFileSync(slow.file('wait'), '')
    await using full = await startServer({
      workerCommand: scriptedWorker(slow, `while [ -e ${slow.file('wait')} ]; do sleep 0.05; done; ${SUCCEED}`),
      settings: { RETRACE_MAX_RUNNING_TASKS: '1' },
    })
    const [one, two] = [await begun(full), await begun(full)]
    expect((await patch(full, one, { body: tar, complete: '?1' })).status).toBe(201)
    const refused = await patch(full, two, { body: tar, complete: '?1' })
    expect(refused).toMatchObject({
      status: 503,
      headers: { 'retry-after': expect.any(String), 'upload-complete': '?0', 'upload-offset': String(tar.length) },
    })
    rmSync(slow.file('wait'))
    await eventually(async () => (await patch(full, two, { offset: tar.length, complete: '?1' })).status === 201)
  })

  it('goes on with what an earlier one has, and knows what became of the complete ones', async () => {
    await using kept = await temporaryFolder()
    const workerCommand = scriptedWorker(folder, SUCCEED)
    let [path, done, id] = ['', '', '']
    {
      await using first = await startServer({ folder: kept, workerCommand })
      path = await begun(first, { 'Upload-Length': String(tar.length) })
      await patch(first, path, { body: tar.subarray(0, 700_000) })
      done = await begun(first)
      id = String((await patch(first, done, { body: tar, complete: '?1' })).headers['x-task-id'])
    }
    await using second = await startServer({ folder: kept, workerCommand })
    expect(await stateOf(second, done)).toMatchObject({ complete: '?1', task: id })
    expect(await stateOf(second, path)).toMatchObject({ complete: '?0', offset: 700_000, length: String(tar.length) })
    const last = await patch(second, path, { offset: 700_000, body: tar.subarray(700_000), complete: '?1' })
    expect(last.status).toBe(201)
  })
})
