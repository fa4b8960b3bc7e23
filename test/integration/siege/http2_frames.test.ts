/**
 * Frames of HTTP/2 that cost a client nothing and could cost the server memory or its thread (RFC 9113, 10.5; CVE-2024-27316 and its
 * kin), made by hand: the connection is closed, or read no more, after little of it, and others are answered meanwhile.
 */
import { Buffer } from 'node:buffer'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { connect, type TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startServer, type TestServer } from '../../helpers/server.ts'

const MIB = 1_048_576
const STALLED_MS = 1500
const DATA = 0
const HEADERS = 1
const SETTINGS = 4
const CONTINUATION = 9
const END_HEADERS = 4
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
/** `:method: GET`, `:path: /`, `:scheme: https`, `:authority: a` (RFC 7541, appendix A). */
const REQUEST = Buffer.from([0x82, 0x84, 0x87, 0x41, 0x01, 0x61])

let server: TestServer

beforeAll(async () => void (server = await startServer()))
afterAll(() => server[Symbol.asyncDispose]())

function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** A field that is not put into the table. */
function literal(name: string, value: string): Buffer {
  return Buffer.concat([
    Buffer.from([0, name.length]),
    Buffer.from(name),
    Buffer.from([value.length]),
    Buffer.from(value),
  ])
}

/**
 * Bytes of these frames that were sent until the server had closed the connection, or reads no more (Node does so after an error of
 * compression, and closes when the connection has been idle for its time), or `most`.
 */
async function sentUntilClosed(first: Uint8Array, each: Buffer, most = 64 * MIB): Promise<number> {
  const options = {
    host: '127.0.0.1',
    port: server.port,
    ca: server.ca,
    servername: 'localhost',
    ALPNProtocols: ['h2'],
  }
  const socket: TLSSocket = connect(options)
  const closed = new Promise<'closed'>((resolve) => socket.once('close', () => resolve('closed')))
  socket.on('error', () => undefined).resume()
  await once(socket, 'secureConnect')
  socket.write(Buffer.concat([PREFACE, frame(SETTINGS, 0, 0, Buffer.alloc(0)), first]))
  const piece = Buffer.concat(Array.from({ length: Math.ceil(65_536 / each.length) }, () => each))
  let sent = 0
  while (sent < most && !socket.destroyed) {
    sent += piece.length
    const taken = new Promise<void>((resolve) => socket.write(piece, () => resolve()))
    const end = await Promise.race([taken, closed, pause(STALLED_MS, 'stalled' as const)])
    if (end !== undefined) break
  }
  socket.destroy()
  return sent
}

describe('a connection of HTTP/2 that sends', () => {
  const open = frame(HEADERS, 0, 1, REQUEST)
  const fields = Buffer.concat(Array.from({ length: 50 }, (_, at) => literal(`x-${at}`, 'v'.repeat(100))))

  it.each([
    ['CONTINUATION without end, of many fields', open, frame(CONTINUATION, 0, 1, fields)],
    ['CONTINUATION without end, of nothing', open, frame(CONTINUATION, 0, 1, Buffer.alloc(0))],
    [
      'CONTINUATION without end, byte by byte of one value',
      frame(HEADERS, 0, 1, Buffer.concat([REQUEST, Buffer.from([0, 1, 0x61, 0x7f, 0xff, 0xff, 0x7f])])),
      frame(CONTINUATION, 0, 1, Buffer.from('z')),
    ],
    [
      'CONTINUATION without end, of fields that a byte stands for',
      open,
      frame(CONTINUATION, 0, 1, Buffer.alloc(16_384, 0x90)),
    ],
    ['SETTINGS without end', Buffer.alloc(0), frame(SETTINGS, 0, 0, Buffer.alloc(0))],
    ['empty DATA without end', frame(HEADERS, END_HEADERS, 1, REQUEST), frame(DATA, 0, 1, Buffer.alloc(0))],
  ])('%s is stopped, and others are answered', async (_, first, each) => {
    const flood = sentUntilClosed(first, each)
    expect((await server.client.ask('/healthz')).status).toBe(200)
    expect(await flood).toBeLessThan(16 * MIB)
    expect((await server.client.ask('/healthz')).status).toBe(200)
  })
})
