/** `retrace` and connections that break, servers that are killed, and persons who change their mind while it sends. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { env } from 'node:process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { installationRoot } from '../../../src/program/program.ts'
import { crashPython } from '../../helpers/cores.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { retrace } from '../../helpers/retrace_client.ts'
import { type ServerChild, startServer, startServerChild, type TestServer } from '../../helpers/server.ts'
import { eventually, scriptedWorker, SUCCEED } from '../../helpers/task.ts'

let folder: Folder
let core: string

beforeAll(async () => {
  folder = await temporaryFolder()
  core = crashPython(folder.path)
}, 60_000)
afterAll(async () => await folder[Symbol.asyncDispose]())

interface Way extends AsyncDisposable {
  readonly args: string[]
  /** Bytes that went to the server, of all connections. */
  passed(): number
  /** Where connections lead from now on. */
  lead(port: number): void
}

/**
 * A way to the server that hands each connection's bytes to `limit`, which says how many of them pass: after that it breaks
 * ('cut'), or nothing passes any more ('stuck').
 */
async function way(
  server: TestServer,
  limit: (connection: number) => { bytes: number; then: 'cut' | 'stuck' },
): Promise<Way> {
  let [port, connections, passed] = [server.port, 0, 0]
  const open = new Set<Socket>()
  const between: Server = createServer((client) => {
    const { bytes, then } = limit(++connections)
    const upstream = connect({ host: '127.0.0.1', port })
    let left = bytes
    for (const socket of [client, upstream]) {
      open.add(socket)
      socket.on('error', () => undefined).on('close', () => {
        client.destroy()
        upstream.destroy()
      })
    }
    upstream.on('data', (chunk) => client.write(chunk))
    client.on('data', (chunk: Uint8Array) => {
      const piece = chunk.subarray(0, left)
      left -= piece.length
      passed += piece.length
      if (piece.length > 0) upstream.write(piece)
      if (left > 0) return
      if (then === 'stuck') client.pause()
      else upstream.end(() => client.destroy())
    })
  })
  between.listen(0, '127.0.0.1')
  await once(between, 'listening')
  const ca = folder.file(`ca-${(between.address() as AddressInfo).port}.pem`)
  writeFileSync(ca, server.ca)
  return {
    args: [
      '--server',
      `https://localhost:${(between.address() as AddressInfo).port}`,
      '--ca',
      ca,
      '--yes',
      '--full-core',
    ],
    passed: () => passed,
    lead: (other) => port = other,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy()
      between.close()
      await once(between, 'close')
    },
  }
}

function home(name: string): string {
  mkdirSync(folder.file(name))
  return folder.file(name)
}

function entries({ config }: TestServer): string[] {
  return readdirSync(config.spoolDir)
}

describe('retrace on a way that breaks', () => {
  it('goes on where it was, and sends no byte of the rest twice', async () => {
    await using server = await startServer({ workerCommand: scriptedWorker(folder, SUCCEED) })
    const LIMIT = 150_000
    await using broken = await way(
      server,
      (connection) => connection <= 3 ? { bytes: LIMIT, then: 'cut' } : { bytes: Infinity, then: 'cut' },
    )
    const { code, stderr } = await retrace(home('broken'), [...broken.args, core])
    expect(stderr).toMatch(/closed the connection.*; going on in 1 s/)
    expect(code).toBe(0)
    const [, sent = ''] = /: ([0-9.]+) MB of the core's/.exec(stderr) ?? []
    // What was on its way when it broke, and TLS, is all that came on top.
    expect(broken.passed()).toBeLessThan(Number(sent) * 2 ** 20 + 3 * 70_000)
    expect(entries(server).filter((name) => /^[0-9]+$/.test(name))).toHaveLength(1)
  }, 120_000)

  it('goes on with a server that was killed -9 and started anew', async () => {
    await using kept = await temporaryFolder()
    const options = { folder: kept, workerCommand: scriptedWorker(folder, SUCCEED) }
    let server: ServerChild = await startServerChild(options)
    try {
      await using slow = await way(
        server,
        (connection) => connection <= 2 ? { bytes: 300_000, then: 'stuck' } : { bytes: Infinity, then: 'cut' },
      )
      const running = retrace(home('killed'), [...slow.args, core])
      await eventually(() => slow.passed() >= 300_000, 60_000)
      await server.end('SIGKILL')
      server = await startServerChild(options)
      slow.lead(server.port)
      expect((await running).code).toBe(0)
    } finally {
      await server[Symbol.asyncDispose]()
    }
  }, 120_000)
})

describe('a person who changes their mind', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('leaves nothing on the server by %s while it sends', async (signal) => {
    await using server = await startServer({ workerCommand: scriptedWorker(folder, SUCCEED) })
    // Only what is sent is held up; what asks and deletes comes by other connections.
    let held = 0
    await using slow = await way(
      server,
      () => held++ < 2 ? { bytes: 300_000, then: 'stuck' } : { bytes: 1e9, then: 'cut' },
    )
    const person = home(signal)
    const child = spawn('node', [join(installationRoot(), 'dist/client/retrace.js'), ...slow.args, core], {
      env: { PATH: env.PATH, HOME: person, TMPDIR: person },
      stdio: 'ignore',
      timeout: 60_000,
    })
    await eventually(() => slow.passed() >= 300_000, 60_000)
    expect(entries(server).filter((name) => name.startsWith('partial-'))).toHaveLength(1)
    child.kill(signal)
    const [code] = await once(child, 'exit')
    expect(code).toBe(3)
    expect(entries(server).filter((name) => name !== 'server.lock')).toEqual([])
    expect(readdirSync(person)).toEqual([])
  }, 120_000)
})
