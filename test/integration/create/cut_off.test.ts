/**
 * Uploads whose refusal and connection part early: bodies past twice the limit, whose reason has to be read all the same
 * (docs/http.md, 'Refusing an upload'), and clients that go away.
 */
import { Buffer } from 'node:buffer'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MIB } from '../../helpers/archives.ts'
import { parseAnswers } from '../../helpers/client.ts'
import { http2Client } from '../../helpers/http2.ts'
import { startServer, type TestServer } from '../../helpers/server.ts'
import { eventually } from '../../helpers/task.ts'

const LIMIT_MB = 1
/** Five times what the connection is read for in the hope of its next request. */
const MUCH_MB = 10

let server: TestServer & Awaited<ReturnType<typeof startServer>>
let plain: typeof server

beforeAll(async () => {
  const settings = { RETRACE_MAX_PACKED_MB: String(LIMIT_MB), RETRACE_UPLOAD_IDLE_S: '2' }
  server = await startServer({ settings })
  plain = await startServer({ plain: true, settings: { ...settings, RETRACE_REQUIRE_HTTPS: '0' } })
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await plain[Symbol.asyncDispose]()
})

function head(type: string, length: number | string, more = ''): string {
  return `POST /create HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\nContent-Length: ${length}\r\n${more}\r\n`
}

/** Writes all, however long the server has had its answer out, and only then looks at what came. */
async function writtenBeforeRead(of: TestServer, headText: string, mebibytes: number) {
  using raw = await of.client.raw()
  raw.socket.pause()
  await raw.write(headText)
  let failed = 0
  raw.socket.on('error', () => failed++)
  for (let sent = 0; sent < mebibytes; sent++) await raw.write(Buffer.alloc(MIB, 'x'))
  raw.socket.resume()
  await raw.closed(20_000)
  return { answers: parseAnswers(raw.received), failed }
}

describe('a refused upload of more than twice RETRACE_MAX_PACKED_MB', () => {
  it.each([
    ['over TLS', () => server, 'application/x-xz', '', 413],
    ['over plain HTTP', () => plain, 'application/x-xz', '', 413],
    ['of a wrong type', () => server, 'text/plain', '', 415],
    [
      'with Expect: 100-continue, its body sent nevertheless',
      () => server,
      'text/plain',
      'Expect: 100-continue\r\n',
      415,
    ],
    ['with Connection: close', () => plain, 'text/plain', 'Connection: close\r\n', 415],
  ])(
    'lets a client that writes first send a refused upload whole, and read the reason afterwards: %s',
    async (_, of, type, more, status) => {
      const { answers, failed } = await writtenBeforeRead(of(), head(type, MUCH_MB * MIB, more), MUCH_MB)
      expect(answers).toMatchObject([{ status, body: expect.stringMatching(/^[A-Z].*\n$/) }])
      expect(failed).toBe(0)
    },
    30_000,
  )

  it('tells a client that writes first what the parser refuses, too', async () => {
    const { answers, failed } = await writtenBeforeRead(server, head('application/x-xz', '12a'), MUCH_MB)
    expect(answers).toMatchObject([{ status: 400, body: expect.stringContaining('Content-Length') }])
    expect(failed).toBe(0)
  }, 30_000)

  it('closes our half at the bound: who reads sees the end of the answer while it still sends', async () => {
    using raw = await server.client.raw()
    await raw.write(head('application/x-xz', 100 * MIB))
    let sent = 0
    for (; sent < 100 && !raw.isClosed; sent++) await raw.write(Buffer.alloc(MIB, 'x'))
    expect(sent).toBeLessThan(20)
    expect(parseAnswers(raw.received)).toMatchObject([{ status: 413 }])
  })

  it('reaches the user of a library that writes its whole body before it reads', async () => {
    const script = `import http.client, sys
c = http.client.HTTPConnection('127.0.0.1', int(sys.argv[1]))
c.request('POST', '/create', b'x' * ${MUCH_MB * MIB}, {'Content-Type': 'application/x-xz'})
r = c.getresponse(); print(r.status, r.read().decode())`
    const { stdout } = await promisify(execFile)('python3', ['-c', script, String(plain.port)])
    expect(stdout).toMatch(/^413 .*RETRACE_MAX_PACKED_MB/)
  })

  it('reads a refused upload to its end over HTTP/2, and ends its stream without an error', async () => {
    using client = await http2Client(server)
    const headers = { ':method': 'POST', ':path': '/create', 'content-type': 'application/x-xz' }
    const stream = client.session.request({ ...headers, 'content-length': MUCH_MB * MIB })
    const response = once(stream, 'response')
    const closed = once(stream, 'close')
    for (let sent = 0; sent < MUCH_MB; sent++) {
      await new Promise((resolve) => stream.write(Buffer.alloc(MIB, 'x'), resolve))
    }
    stream.end()
    const [answered] = await response
    let text = ''
    for await (const chunk of stream) text += String(chunk)
    await closed
    expect([answered[':status'], text, stream.rstCode]).toEqual([413, expect.stringContaining('MAX_PACKED_MB'), 0])
  })
})

describe('an upload that stalls', () => {
  it('answers a stalled upload with 408, also to a client that goes on writing before it reads', async () => {
    using raw = await server.client.raw()
    await raw.write(head('application/x-tar', MIB))
    await raw.write(Buffer.alloc(1000))
    await raw.until(/HTTP\/1\.1 408 /)
    raw.socket.pause()
    for (let sent = 0; sent < 10; sent++) await raw.write(Buffer.alloc(100_000))
    raw.socket.resume()
    expect(parseAnswers(await raw.closed())).toMatchObject([{ status: 408 }])
  })
})

describe('an upload that its client aborts', () => {
  const counted = async () => {
    const metrics = await server.program.services.metrics.registry.metrics()
    const of = (status: number) =>
      Number(
        new RegExp(`^retrace_http_request_seconds_count\\{method="POST",status="${status}"\\} (\\d+)`, 'm').exec(
          metrics,
        )?.[1] ?? 0,
      )
    return { gone: of(499), well: of(200) }
  }
  const begin = head('application/x-tar', MIB)

  it.each(['destroy', 'end'] as const)(
    'counts an aborted upload as 499 in the metrics, not 200: %s of the connection',
    async (way) => {
      const before = await counted()
      const raw = await server.client.raw()
      await raw.write(begin)
      await raw.write(new Uint8Array(100))
      await new Promise((resolve) => setTimeout(resolve, 200))
      raw.socket[way]()
      await eventually(async () => (await counted()).gone === before.gone + 1)
      expect((await counted()).well).toBe(before.well)
      raw.socket.destroy()
    },
  )

  it('counts an aborted upload as 499 in the metrics, not 200: reset of an HTTP/2 stream', async () => {
    const before = await counted()
    using client = await http2Client(server)
    const headers = { ':method': 'POST', ':path': '/create', 'content-type': 'application/x-tar' }
    const stream = client.session.request({ ...headers, 'content-length': MIB })
    stream.on('error', () => undefined)
    stream.write(new Uint8Array(100))
    await new Promise((resolve) => setTimeout(resolve, 200))
    stream.close(8)
    await eventually(async () => (await counted()).gone === before.gone + 1)
    expect((await counted()).well).toBe(before.well)
  })
})
