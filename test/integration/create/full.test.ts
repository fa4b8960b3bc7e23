import { readdirSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { designMembers, tarOf } from '../../helpers/archives.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { startServer } from '../../helpers/server.ts'
import { eventually, scriptedWorker, SUCCEED } from '../../helpers/task.ts'

let folder: Folder

beforeAll(async () => {
  folder = await temporaryFolder()
})
afterAll(async () => await folder[Symbol.asyncDispose]())

describe('a full server', () => {
  it('answers 503 with Retry-After while uploads hold all places, and takes the next when one is free', async () => {
    await using small = await startServer({
      workerCommand: scriptedWorker(folder, SUCCEED),
      settings: { RETRACE_MAX_RUNNING_TASKS: '1' },
    })
    const tar = tarOf(designMembers())
    const ask = () =>
      small.client.ask('/create', {
        method: 'POST',
        headers: { 'Content-Type': 'application/x-tar', 'Prefer': 'respond-async' },
        body: tar,
      })
    const raw = await small.client.raw()
    await raw.write(
      `POST /create HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-tar\r\nContent-Length: ${tar.length}\r\n\r\n`,
    )
    await eventually(() => readdirSync(small.config.spoolDir).length === 1)
    const refused = await ask()
    expect(refused.status).toBe(503)
    expect(refused.headers['retry-after']).toMatch(/^[0-9]+$/)
    raw.socket.destroy()
    await eventually(async () => (await ask()).status === 201)
  })

  it('answers 415 before 503, and 503 before 507', async () => {
    await using small = await startServer({
      settings: { RETRACE_MAX_RUNNING_TASKS: '1', RETRACE_MIN_FREE_MB: '1073741824' },
    })
    const ask = (type: string) =>
      small.client.ask('/create', { method: 'POST', headers: { 'Content-Type': type }, body: 'x' })
    const reply = await ask('application/x-tar')
    expect(reply.status).toBe(507)
    expect(reply.text).toContain('RETRACE_MIN_FREE_MB')
    expect((await ask('text/plain')).status).toBe(415)
    expect(readdirSync(small.config.spoolDir)).toEqual([])
  })
})
