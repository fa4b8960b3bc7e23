/** What arrives on the wire before any route sees it, over raw TLS sockets (docs/http.md, 'Rules for every answer'). */
import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MAX_CONNECTIONS } from '../../../src/server/connections.ts'
import { parseAnswers } from '../../helpers/client.ts'
import { startServer, type TestServer } from '../../helpers/server.ts'
import { eventually } from '../../helpers/task.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer({ settings: { RETRACE_MAX_PACKED_MB: '1' } })
})
afterAll(async () => await server[Symbol.asyncDispose]())

/** Sends bytes on a connection of its own and gives the one answer before the server closes. */
async function closedAfter(bytes: string) {
  using connection = await server.client.raw()
  await connection.write(bytes)
  const answers = parseAnswers(await connection.closed())
  expect(answers).toHaveLength(1)
  return answers[0] ?? { status: 0, head: '', body: '' }
}

function expectText({ head, body }: { head: string; body: string }): void {
  expect(head).toMatch(/^content-type: text\/plain; charset=utf-8$/im)
  expect(Number(/^content-length: ([0-9]+)$/im.exec(head)?.[1])).toBe(body.length)
  expect(body).toMatch(/^[A-Z].*\n$/)
}

describe('what the parser refuses', () => {
  it.each([
    ['a malformed request line', 'NONSENSE\r\n\r\n', /not a valid HTTP request/],
    ['an unknown method', 'BREW / HTTP/1.1\r\nHost: x\r\n\r\n', /not a valid HTTP request/],
    ['a header without a colon', 'GET / HTTP/1.1\r\nHost: x\r\nbroken\r\n\r\n', /not a valid HTTP request/],
    [
      'an unreadable Content-Length',
      'POST /create HTTP/1.1\r\nHost: x\r\nContent-Length: 12a\r\n\r\n',
      /Content-Length/,
    ],
    ['a negative Content-Length', 'POST /create HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n', /Content-Length/],
    [
      'two Content-Lengths',
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
      /Content-Length/,
    ],
    [
      'Content-Length beside Transfer-Encoding',
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n',
      /Transfer-Encoding/,
    ],
  ])('answers 400 as text with a length to %s, and closes', async (_, bytes, sentence) => {
    const answer = await closedAfter(bytes)
    expect(answer.status).toBe(400)
    expectText(answer)
    expect(answer.body).toMatch(sentence)
    expect(answer.head).toMatch(/^connection: close$/im)
  })

  it('lets a client that writes a large body first read the 400 to its Content-Length', async () => {
    using connection = await server.client.raw()
    await connection.write('POST /create HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n')
    for (let i = 0; i < 16; i++) await connection.write(new Uint8Array(65_536))
    expect(await connection.until(/\r\n\r\n.*\n/s)).toMatch(/^HTTP\/1\.1 400 /)
  })

  it('answers 431 and names RETRACE_MAX_HEADER_KB when the headers are larger', async () => {
    const answer = await closedAfter(`GET / HTTP/1.1\r\nHost: x\r\nX-Large: ${'x'.repeat(11_000)}\r\n\r\n`)
    expect(answer.status).toBe(431)
    expectText(answer)
    expect(answer.body).toContain('10 KiB (RETRACE_MAX_HEADER_KB)')
  })

  it('takes headers of nearly RETRACE_MAX_HEADER_KB', async () => {
    const { status } = await server.client.ask('/', { headers: { 'X-Large': 'x'.repeat(9000) } })
    expect(status).toBe(200)
  })

  it('answers 400 to HTTP/1.1 without Host, and goes on with the connection', async () => {
    using connection = await server.client.raw()
    await connection.write('GET / HTTP/1.1\r\n\r\nGET /settings HTTP/1.1\r\nHost: x\r\n\r\n')
    const [first, second] = parseAnswers(await connection.until(/supported_releases/))
    expect(first?.status).toBe(400)
    expectText(first ?? { head: '', body: '' })
    expect(second?.status).toBe(200)
  })

  it('answers HTTP/1.0 without Host', async () => {
    const answer = await closedAfter('GET /settings HTTP/1.0\r\n\r\n')
    expect(answer.status).toBe(200)
    expectText({ ...answer, body: answer.body.replace(/^r/, 'R').replace(/\n/g, ' ').trimEnd() + ' \n' })
  })

  it('refuses CONNECT with a text answer', async () => {
    const answer = await closedAfter('CONNECT example.org:443 HTTP/1.1\r\nHost: example.org\r\n\r\n')
    expect(answer.status).toBe(405)
    expectText(answer)
  })

  it.each(['//[', '/a\\b', '*', 'http://[/'])('answers the odd address %s with a text answer', async (path) => {
    using connection = await server.client.raw()
    await connection.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
    const [answer] = parseAnswers(await connection.closed())
    expect([400, 404]).toContain(answer?.status)
    expectText(answer ?? { head: '', body: '' })
  })
})

describe('connections', () => {
  it('serves pipelined requests in their order on one connection, errors included', async () => {
    using connection = await server.client.raw()
    const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`
    await connection.write(get('/settings') + get('/7') + get('/nothing') + get('/'))
    const answers = parseAnswers(await connection.until(/describes the whole interface/))
    expect(answers.map(({ status }) => status)).toEqual([200, 404, 404, 200])
  })

  it.concurrent('cuts headers that come slowly with 408', async () => {
    using connection = await server.client.raw()
    await connection.write('GET / HTTP/1.1\r\nHost: x\r\n')
    const timer = setInterval(() => void connection.write('X-Slow: 1\r\n'), 500)
    const [answer] = parseAnswers(await connection.closed(30_000))
    clearInterval(timer)
    expect(answer?.status).toBe(408)
    expectText(answer ?? { head: '', body: '' })
  }, 40_000)

  it.concurrent('closes a connection that never sends a byte of TLS', async () => {
    using connection = await server.client.raw({ plain: true })
    await connection.closed(20_000)
    expect(connection.received).toBe('')
  }, 30_000)
})

it('takes MAX_CONNECTIONS connections at once, closes the longest idle for more, and serves the newest', async () => {
  await using full = await startServer({ settings: { RETRACE_MAX_CONNECTIONS_PER_CLIENT: '100000' } })
  const open = () => connect({ host: '127.0.0.1', port: full.port })
  const sockets = Array.from({ length: MAX_CONNECTIONS }, open)
  for (const socket of sockets) socket.on('error', () => undefined)
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  const more = Array.from({ length: 30 }, open)
  for (const socket of more) socket.on('error', () => undefined)
  await Promise.all(more.map((socket) => once(socket, 'connect')))
  await eventually(() => sockets.some(({ closed }) => closed))
  expect((await full.client.ask('/settings')).status).toBe(200)
  expect(more.some(({ closed }) => closed)).toBe(false)
  for (const socket of [...sockets, ...more]) socket.destroy()
})

describe('a body that nobody wants', () => {
  const post = (path: string, length: number, more = '') =>
    `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n${more}\r\n`

  it('answers at once, reads on, and serves the next request on the same connection', async () => {
    using connection = await server.client.raw()
    await connection.write(post('/settings', 1_500_000))
    expect(await connection.until(/allowed|only/)).toMatch(/^HTTP\/1\.1 405 /)
    for (let sent = 0; sent < 1_500_000; sent += 50_000) await connection.write(new Uint8Array(50_000))
    await connection.write('GET /settings HTTP/1.1\r\nHost: x\r\n\r\n')
    const answers = parseAnswers(await connection.until(/supported_releases/))
    expect(answers.map(({ status }) => status)).toEqual([405, 200])
  })

  it('cuts a body that nobody wants when it passes twice RETRACE_MAX_PACKED_MB', async () => {
    using connection = await server.client.raw()
    await connection.write(post('/nothing', 1_000_000_000))
    for (let sent = 0; sent < 5_000_000 && !connection.isClosed; sent += 50_000) {
      await connection.write(new Uint8Array(50_000))
    }
    expect(await connection.closed()).toMatch(/^HTTP\/1\.1 404 /)
  })

  it('drains a body that nobody wants before the close when the client asked for one', async () => {
    using connection = await server.client.raw()
    await connection.write(post('/nothing', 1_000_000, 'Connection: close\r\n'))
    await connection.until(/nothing at this address/i)
    for (let sent = 0; sent < 1_000_000; sent += 50_000) await connection.write(new Uint8Array(50_000))
    expect(parseAnswers(await connection.closed()).map(({ status }) => status)).toEqual([404])
  })

  it('gets the refusal in the place of 100 Continue, and the connection closes', async () => {
    using connection = await server.client.raw()
    await connection.write(post('/nothing', 1000, 'Expect: 100-continue\r\n'))
    const [answer, ...more] = parseAnswers(await connection.closed(8000))
    expect(answer?.status).toBe(404)
    expect(answer?.head).toMatch(/^connection: close$/im)
    expect(more).toEqual([])
  }, 20_000)
})
