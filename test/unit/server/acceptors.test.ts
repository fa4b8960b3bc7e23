import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { execPath } from 'node:process'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { Acceptors } from '../../../src/server/acceptors.ts'
import { saidBy } from '../../helpers/said.ts'

const open: { close(): unknown }[] = []
afterEach(() => {
  for (const each of open.splice(0)) each.close()
})

async function listening(
  words?: [string, ...string[]],
): Promise<{ server: Server; acceptors: Acceptors; come(count: number): void }> {
  const server = createServer((socket) => socket.on('error', () => undefined).resume())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const acceptors = new Acceptors(server, words)
  const { port } = server.address() as AddressInfo
  const come = (count: number) => {
    for (let each = 0; each < count; each++) {
      const socket = connect(port, '127.0.0.1').on('error', () => undefined)
      open.push({ close: () => socket.destroy() })
    }
  }
  open.push(server, acceptors)
  return { server, acceptors, come }
}

/** In how many turns of the loop a server is given so many connections. */
async function turnsFor(server: Server, count: number): Promise<number> {
  let taken = 0
  const onConnection = (_socket: Socket) => taken++
  server.on('connection', onConnection)
  let turns = 0
  for (; taken < count && turns < 1000; turns++) await new Promise((resolve) => setImmediate(resolve))
  server.off('connection', onConnection)
  return turns
}

describe('Acceptors', () => {
  it('takes one connection in a turn of the loop at first, and many once they had to wait', async () => {
    const { server, acceptors, come } = await listening()
    come(16)
    expect(await turnsFor(server, 16)).toBeGreaterThanOrEqual(15)
    await vi.waitUntil(() => acceptors.count === 15, 10_000)
    come(32)
    expect(await turnsFor(server, 32)).toBeLessThan(10)
  })

  it('leaves a server alone to which one comes after the other', async () => {
    const { server, acceptors, come } = await listening()
    for (let each = 0; each < 20; each++) {
      come(1)
      await once(server, 'connection')
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    expect(acceptors.count).toBe(0)
  })

  it('takes no connection any more when it is closed', async () => {
    const { server, acceptors, come } = await listening()
    const { port } = server.address() as AddressInfo
    come(16)
    await vi.waitUntil(() => acceptors.count === 15, 10_000)
    acceptors.close()
    server.close()
    const late = connect(port, '127.0.0.1')
    const [error] = await once(late, 'error') as [NodeJS.ErrnoException]
    expect(error.code).toBe('ECONNREFUSED')
  })

  it('listens no longer when it is closed, also while descriptors are being made', async () => {
    const { server, acceptors, come } = await listening([execPath, '-e', 'setTimeout(() => process.exit(), 60_000)'])
    const { port } = server.address() as AddressInfo
    come(16)
    await vi.waitUntil(() => acceptors.multiplying !== undefined, 10_000)
    acceptors.close()
    server.close()
    await acceptors.multiplying
    const [error] = await once(connect(port, '127.0.0.1'), 'error') as [NodeJS.ErrnoException]
    expect(error.code).toBe('ECONNREFUSED')
  })

  it('says why, and goes on, where no further descriptor can be made', async () => {
    const { server, acceptors, come } = await listening(['/nonexistent/node'])
    const said = await saidBy(async () => {
      come(16)
      await turnsFor(server, 16)
      await acceptors.multiplying
    })
    expect(said).toMatch(/have to wait, since 15 further descriptors could not be made: .*\/nonexistent\/node/)
    come(8)
    await turnsFor(server, 8)
    expect(acceptors.count).toBe(0)
  })
})
