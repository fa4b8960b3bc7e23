import { Buffer } from 'node:buffer'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, statfsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fakeCore, MIB, pack } from '../helpers/archives.ts'
import { type Folder, temporaryFolder } from '../helpers/folder.ts'
import { startServer, type TestServer } from '../helpers/server.ts'
import { scriptedWorker } from '../helpers/task.ts'
import { spoolEntries } from '../helpers/spool_entries.ts'

const SIZE_MB = 64
const MIN_FREE_MB = 24

const mountWorks = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0
if (!mountWorks) console.log('Skipped: a file system of known size cannot be mounted here')

/** Content that is no zeros and packs well: what is unpacked is far more than what is announced. */
function core(mebibytes: number): Buffer {
  return Buffer.concat([fakeCore(), Buffer.alloc(mebibytes * MIB - 4096, 'x')])
}

describe.skipIf(!mountWorks)('a spool on a small file system', () => {
  let folder: Folder
  let server: TestServer
  let lowest = Infinity
  let watch: ReturnType<typeof setInterval>

  beforeAll(async () => {
    folder = await temporaryFolder()
    mkdirSync(folder.file('spool'), { mode: 0o700 })
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_MB}m,mode=700`, 'tmpfs', folder.file('spool')])
    server = await startServer({
      folder,
      // Tasks stay, with their cores, as long as the test looks at them.
      workerCommand: scriptedWorker(folder, 'sleep 60'),
      settings: { RETRACE_MIN_FREE_MB: String(MIN_FREE_MB) },
    })
    watch = setInterval(() => lowest = Math.min(lowest, free()), 2)
  })
  afterAll(async () => {
    clearInterval(watch)
    await server[Symbol.asyncDispose]()
    // Workers that were killed just now may stand in it for another moment.
    execFileSync('umount', ['--lazy', folder.file('spool')])
    await folder[Symbol.asyncDispose]()
  })

  function free(): number {
    const { bavail, bsize } = statfsSync(folder.file('spool'))
    return bavail * bsize / MIB
  }

  async function create(body: Uint8Array, encoding?: string) {
    return await server.client.ask('/create', {
      method: 'POST',
      headers: {
        'Content-Type': 'application/x-core',
        'Prefer': 'respond-async',
        ...(encoding && { 'Content-Encoding': encoding }),
      },
      body,
    })
  }

  async function removed(reply: { headers: Record<string, unknown> }) {
    const { 'x-task-id': id, 'x-task-password': password } = reply.headers
    await server.client.ask(`/${id}`, { method: 'DELETE', password: String(password) })
  }

  it('answers 507 from the headers to an upload that announces more than is free above the minimum', async () => {
    const reply = await create(core(SIZE_MB - MIN_FREE_MB + 1))
    expect(reply.status).toBe(507)
    expect(reply.text).toContain('RETRACE_MIN_FREE_MB')
    expect(spoolEntries(server.config.spoolDir)).toEqual([])
  })

  it.each(['gzip', 'xz', 'zstd'] as const)(
    'answers 507 while unpacking, and never goes below the minimum (%s)',
    async (encoding) => {
      lowest = free()
      const reply = await create(pack(encoding, core(SIZE_MB - MIN_FREE_MB + 1), ['-1']), encoding)
      expect(reply.status).toBe(507)
      expect(lowest).toBeGreaterThanOrEqual(MIN_FREE_MB)
      expect(spoolEntries(server.config.spoolDir)).toEqual([])
    },
  )

  it('takes what fits, and counts holes as nothing', async () => {
    const reply = await create(pack('gzip', core(SIZE_MB - MIN_FREE_MB - 2)), 'gzip')
    expect(reply.status).toBe(201)
    await removed(reply)
    const sparse = await create(pack('gzip', Buffer.concat([fakeCore(), Buffer.alloc(200 * MIB)]), ['-1']), 'gzip')
    expect(sparse.status).toBe(201)
    await removed(sparse)
  })

  it('never goes below the minimum when several uploads unpack at once, and takes those that fit', async () => {
    lowest = free()
    const body = pack('gzip', core(15))
    const replies = await Promise.all(Array.from({ length: 6 }, () => create(body, 'gzip')))
    const taken = replies.filter(({ status }) => status === 201)
    expect(replies.every(({ status }) => status === 201 || status === 507)).toBe(true)
    expect(taken.length).toBeGreaterThanOrEqual(1)
    expect(taken.length).toBeLessThanOrEqual(2)
    expect(lowest).toBeGreaterThanOrEqual(MIN_FREE_MB)
    expect(spoolEntries(server.config.spoolDir).filter((name) => name.startsWith('upload-'))).toEqual([])
    for (const reply of taken) await removed(reply)
    expect((await create(body, 'gzip')).status).toBe(201)
  })
})
