/** Uploads in parts whose server is killed -9 at any instruction (docs/http.md, 'Uploads in parts'). */
import { Buffer } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { fakeCore, MIB } from '../helpers/archives.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { begun, patch, stateOf } from '../helpers/parts.ts'
import { type ServerChild, startServerChild } from '../helpers/server.ts'

const UPLOADS = 4
const PIECE = 700_000

/** One upload, as its client sees it. */
interface Sending {
  readonly body: Uint8Array
  path: string | undefined
  /** What the server has acknowledged. */
  told: number
  task: string | undefined
}

/** Goes on with an upload until it is a task, or the server dies under it. */
async function goOn(server: ServerChild, sending: Sending): Promise<void> {
  try {
    sending.path ??= await begun(server, {
      'Content-Type': 'application/x-core',
      'Upload-Length': String(sending.body.length),
    })
    const state = await stateOf(server, sending.path)
    expect(state.status).toBe(204)
    expect(state.offset).toBeGreaterThanOrEqual(sending.told)
    if (state.complete === '?1') return void (sending.task = String(state.task))
    for (let at = state.offset ?? 0;;) {
      const end = Math.min(sending.body.length, at + PIECE)
      const isLast = end === sending.body.length
      const part = { offset: at, complete: isLast ? '?1' : '?0', body: sending.body.subarray(at, end) }
      const reply = await patch(server, sending.path, part)
      if (isLast) {
        expect(reply.status).toBe(201)
        return void (sending.task = String(reply.headers['x-task-id']))
      }
      expect(reply.status).toBe(204)
      sending.told = at = end
    }
  } catch (error) {
    // What the connection says of a server that was killed has a code; what an expectation says has none.
    if (!(error instanceof Error && 'code' in error)) throw error
  }
}

it(
  'a server that was killed -9 goes on with every upload where it told the client it was, and makes one whole task of each',
  async () => {
    await using folder = await temporaryFolder()
    const settings = { RETRACE_MAX_RUNNING_TASKS: '1', RETRACE_MAX_QUEUED_TASKS: '1000' }
    const sendings = Array.from({ length: UPLOADS }, (): Sending => ({
      body: Buffer.concat([fakeCore(), randomBytes(2 * MIB)]),
      path: undefined,
      told: 0,
      task: undefined,
    }))
    let rounds = 0
    for (; sendings.some(({ task }) => task === undefined) && rounds < 20; rounds++) {
      await using server = await startServerChild({ folder, settings })
      const kill = new Promise((resolve) => setTimeout(resolve, rounds < 6 ? Math.random() * 250 : 20_000))
      const all = Promise.all(sendings.filter(({ task }) => task === undefined).map((each) => goOn(server, each)))
      await Promise.race([kill, all])
      await server.end('SIGKILL')
      await all
    }
    await using server = await startServerChild({ folder, settings })
    const names = readdirSync(server.config.spoolDir)
    const tasks = names.filter((name) => /^[1-9][0-9]*$/.test(name))
    console.log(`${rounds} servers, ${tasks.length} tasks`)
    expect(tasks.toSorted()).toEqual(sendings.map(({ task }) => task).toSorted())
    expect(names.filter((name) => /^(upload|removed)-/.test(name))).toEqual([])
    for (const { task, path, body } of sendings) {
      expect(await stateOf(server, path ?? '')).toMatchObject({ complete: '?1', task })
      if (readdirSync(server.spool(task ?? '')).includes('retrace-log')) continue
      expect(Buffer.compare(readFileSync(server.spool(task ?? '', 'coredump')), body)).toBe(0)
    }
  },
  180_000,
)
