import { Buffer } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { request } from 'node:https'
import { describe, expect, it } from 'vitest'
import { designMembers, fakeCore, MIB, pack, tarOf } from '../helpers/archives.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { type ServerChild, startServerChild } from '../helpers/server.ts'
import { eventually } from '../helpers/task.ts'
import { spoolEntries } from '../helpers/spool_entries.ts'

const ROUNDS = 6
const UPLOADS = 6

interface Answered {
  id: string
  password: string
}

/** Sends one upload a piece at a time; resolves to what a 201 said, or to undefined when the server died before. */
function send(server: ServerChild, type: string, body: Uint8Array): Promise<Answered | undefined> {
  return new Promise((resolve) => {
    const outgoing = request(`${server.url}/create`, {
      method: 'POST',
      ca: server.ca,
      agent: false,
      headers: { 'Content-Type': type, 'Content-Length': body.length, 'Prefer': 'respond-async' },
    }, (reply) => {
      reply.on('error', () => undefined).resume()
      const { 'x-task-id': id, 'x-task-password': password } = reply.headers
      resolve(reply.statusCode === 201 ? { id: String(id), password: String(password) } : undefined)
    })
    outgoing.on('error', () => resolve(undefined))
    let at = 0
    const next = () => {
      if (outgoing.destroyed) return
      if (at >= body.length) return void outgoing.end()
      outgoing.write(body.subarray(at, at += 100_000))
      setTimeout(next, Math.random() * 8)
    }
    next()
  })
}

describe('a server that is killed -9 while uploads arrive', () => {
  const core = Buffer.concat([fakeCore(), randomBytes(2 * MIB), Buffer.alloc(4 * MIB)])
  const tar = tarOf(designMembers(core))
  const bodies: [string, Uint8Array][] = [
    ['application/x-tar', tar],
    ['application/x-xz', pack('xz', tar, ['-0'])],
    ['application/zstd', pack('zstd', tar)],
    ['application/x-gzip', pack('gzip', tar, ['-1'])],
  ]

  it(
    'a server that was killed -9 has every task that it answered 201 for when it starts again, whole, and nothing else',
    async () => {
      await using folder = await temporaryFolder()
      const settings = { RETRACE_MAX_RUNNING_TASKS: '1', RETRACE_MAX_QUEUED_TASKS: '1000' }
      const answered: Answered[] = []
      let sent = 0
      for (let round = 0; round < ROUNDS; round++) {
        await using server = await startServerChild({ folder, settings })
        const uploads = Array.from({ length: UPLOADS }, (_, index) => {
          sent++
          return send(server, ...bodies[index % bodies.length]!).then((answer) => answer && answered.push(answer))
        })
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 1500))
        await server.end('SIGKILL')
        await Promise.all(uploads)
      }
      await using server = await startServerChild({ folder, settings })
      const names = spoolEntries(server.config.spoolDir)
      expect(names.filter((name) => !/^[1-9][0-9]*$/.test(name))).toEqual([])
      expect(names.length).toBeLessThanOrEqual(sent)
      console.log(`${sent} uploads, ${answered.length} answered 201, ${names.length} tasks`)
      for (const { id, password } of answered) {
        expect(names).toContain(id)
        expect((await server.client.ask(`/${id}`, { password })).status).toBe(200)
      }
      expect(new Set(answered.map(({ id }) => id)).size).toBe(answered.length)
      for (const name of names) {
        const directory = server.spool(name)
        expect(readFileSync(`${directory}/password`, 'utf8')).toMatch(/^[a-zA-Z0-9]{22}$/)
        expect(readFileSync(`${directory}/release`, 'utf8')).toBe(designMembers().release)
        if (readdirSync(directory).includes('retrace-log')) continue
        expect(statSync(`${directory}/coredump`).size).toBe(core.length)
      }
      await eventually(() => decoders() === 0)
    },
    120_000,
  )
})

/** Sandboxed decoders on this machine whose parent has died. */
function decoders(): number {
  return readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name)).filter((name) => {
    try {
      const isOrphan = /^PPid:\s+1$/m.test(readFileSync(`/proc/${name}/status`, 'utf8'))
      return isOrphan && /memlimit-decompress|--memory=192MB/.test(readFileSync(`/proc/${name}/cmdline`, 'utf8'))
    } catch {
      return false
    }
  }).length
}
