/** TLS versions, ALPN, HTTP/2, plain HTTP where TLS is spoken, and the certificate's renewal. */
import { copyFileSync, writeFileSync } from 'node:fs'
import { connect, type TLSSocket } from 'node:tls'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseAnswers } from '../../helpers/client.ts'
import { temporaryFolder } from '../../helpers/folder.ts'
import { http2Client, onOpenConnection } from '../../helpers/http2.ts'
import { selfSigned } from '../../helpers/certificates.ts'
import { startServer, type TestServer } from '../../helpers/server.ts'

let server: TestServer & { program: { reload(): void } }
beforeAll(async () => {
  server = await startServer({ settings: { RETRACE_MAX_PACKED_MB: '1' } })
})
afterAll(async () => await server[Symbol.asyncDispose]())

async function handshake(options: Record<string, unknown>): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port: server.port, ca: server.ca, servername: 'localhost', ...options })
  await once(socket, 'secureConnect')
  return socket
}

describe('TLS', () => {
  it.each(['TLSv1.2', 'TLSv1.3'])('speaks %s', async (version) => {
    const socket = await handshake({ minVersion: version, maxVersion: version })
    expect(socket.getProtocol()).toBe(version)
    socket.destroy()
  })

  it('refuses TLS 1.1', async () => {
    await expect(handshake({ minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' })).rejects
      .toThrow()
  })

  it.each([
    [['h2', 'http/1.1'], 'h2'],
    [['http/1.1'], 'http/1.1'],
    [undefined, false],
  ])('offered %s, chooses %s', async (ALPNProtocols, chosen) => {
    const socket = await handshake(ALPNProtocols === undefined ? {} : { ALPNProtocols })
    expect(socket.alpnProtocol).toBe(chosen)
    socket.destroy()
  })

  it('keeps an HTTP/1.1 connection for many requests', async () => {
    using connection = await server.client.raw()
    for (let i = 1; i <= 5; i++) {
      connection.received = ''
      await connection.write('GET /settings HTTP/1.1\r\nHost: x\r\n\r\n')
      expect(await connection.until(/supported_releases/)).toMatch(/connection: keep-alive/i)
    }
  })

  it('tells plain HTTP on the TLS port that HTTPS is required, with 403 on every path', async () => {
    using connection = await server.client.raw({ plain: true })
    const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`
    await connection.write(get('/') + get('/7') + get('/nothing'))
    const answers = parseAnswers(await connection.until(/(https:[^]*){3}\n/))
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403])
    for (const { head, body } of answers) expect(head).toContain(`content-length: ${body.length}`)
  })

  it('shows a renewed certificate to new connections after reload(), and keeps it when the next one is broken', async () => {
    await using other = await temporaryFolder()
    selfSigned(other.path)
    const shown = async () => {
      const socket = await handshake({ rejectUnauthorized: false })
      const { fingerprint256 } = socket.getPeerCertificate()
      socket.destroy()
      return fingerprint256
    }
    const before = await shown()
    for (const name of ['cert.pem', 'key.pem']) {
      copyFileSync(server.folder.file(name), other.file(`old-${name}`))
      copyFileSync(other.file(name), server.folder.file(name))
    }
    server.program.reload()
    const after = await shown()
    expect(after).not.toBe(before)
    writeFileSync(server.folder.file('cert.pem'), 'nonsense')
    server.program.reload()
    expect(await shown()).toBe(after)
    for (const name of ['cert.pem', 'key.pem']) copyFileSync(other.file(`old-${name}`), server.folder.file(name))
    server.program.reload()
    expect(await shown()).toBe(before)
  })
})

describe('HTTP/2', () => {
  it('answers many requests at once on one connection, with lengths', async () => {
    using client = await http2Client(server)
    const paths = ['/', '/settings', '/7', '/nothing', '/openapi.json']
    const replies = await Promise.all(paths.map((path) => client.ask({ ':path': path })))
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 404, 404, 200])
    for (const { headers, text } of replies) {
      expect(Number(headers['content-length'])).toBe(new TextEncoder().encode(text).length)
    }
  })

  it('answers HEAD with the length and no body', async () => {
    using client = await http2Client(server)
    const [get, head] = [
      await client.ask({ ':path': '/settings' }),
      await client.ask({ ':path': '/settings', ':method': 'HEAD' }),
    ]
    expect(head.status).toBe(200)
    expect(head.headers['content-length']).toBe(get.headers['content-length'])
    expect(head.text).toBe('')
  })

  it('answers 431 and names RETRACE_MAX_HEADER_KB when the headers are larger', async () => {
    using client = await http2Client(server)
    const reply = await client.ask({ ':path': '/', 'x-large': 'x'.repeat(11_000) })
    expect(reply.status).toBe(431)
    expect(reply.text).toContain('10 KiB (RETRACE_MAX_HEADER_KB)')
    expect((await client.ask({ ':path': '/settings' })).status).toBe(200)
  })

  it('ends a refused upload with the reason and NO_ERROR, and the connection goes on', async () => {
    using client = await http2Client(server)
    const body = new Uint8Array(3_000_000)
    const reply = await client.ask({ ':path': '/nothing', ':method': 'POST', 'content-length': body.length }, body)
    expect(reply.status).toBe(404)
    expect(reply.text).toContain('nothing at this address')
    expect(reply.rstCode).toBe(0)
    expect((await client.ask({ ':path': '/settings' })).status).toBe(200)
  })

  it('resets a stream whose body is longer than its Content-Length', async () => {
    using client = await http2Client(server)
    const reply = await client.ask(
      { ':path': '/create', ':method': 'POST', 'content-type': 'application/x-tar', 'content-length': 10 },
      new Uint8Array(2000),
    )
    expect(reply.rstCode).not.toBe(0)
    using next = await onOpenConnection(client, server)
    expect((await next.ask({ ':path': '/settings' })).status).toBe(200)
  })
})
