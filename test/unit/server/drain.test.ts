/** The end of a connection whose answer must be read, on real sockets. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { answerAndClose } from '../../../src/server/drain.ts'

const ANSWER = 'HTTP/1.1 400 Bad Request\r\n\r\n'
const LONG_MS = 60_000

/** A client that keeps its half open, on a connection that is answered so; what it has read, and when all is closed. */
async function answeredClient(linger: { bytes: number; milliseconds: number; idleMilliseconds: number }) {
  const server = createServer({ allowHalfOpen: true })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const connection = once(server, 'connection')
  const client = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true })
  const [socket] = await connection as [Socket]
  let text = ''
  client.setEncoding('utf8').on('error', () => undefined).on('data', (chunk: string) => text += chunk)
  const closed = once(socket, 'close').then(() => server.close())
  answerAndClose(socket, ANSWER, { linger })
  await once(client, 'end')
  return { client, closed, text: () => text }
}

/** Bounds of which one alone can be reached within a test. */
const bounds = (idleMilliseconds: number) => ({ bytes: 1000, milliseconds: LONG_MS, idleMilliseconds })

describe('an answer on a connection that is to be closed', () => {
  it('such an answer is read whole, and the connection is closed when its client is silent', async () => {
    const { closed, text } = await answeredClient(bounds(50))
    expect(text()).toBe(ANSWER)
    await closed
  })

  it('such an answer is read whole, and the connection is closed when its client sends past the bound', async () => {
    const { client, closed, text } = await answeredClient(bounds(LONG_MS))
    expect(text()).toBe(ANSWER)
    client.write(new Uint8Array(1001))
    await closed
  })

  it('such an answer is read whole, and the connection is closed when its client closes', async () => {
    const { client, closed, text } = await answeredClient(bounds(LONG_MS))
    expect(text()).toBe(ANSWER)
    client.end()
    await closed
  })
})
