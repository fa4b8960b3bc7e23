import { createHash, randomBytes } from 'node:crypto'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { USUAL_CONNECTION } from '../../../src/packages/format/connection.ts'
import { FetchError } from '../../../src/packages/format/error.ts'
import { Bandwidth } from '../../../src/packages/transfer/bandwidth.ts'
import { download } from '../../../src/packages/transfer/download.ts'
import { Transport } from '../../../src/packages/transfer/transport.ts'
import { temporaryFolder } from '../../helpers/folder.ts'

/** A server that sends its answer and ends the connection at once, as HTTP/1.0 has it. */
async function closingServer(answer: (socket: Socket) => void): Promise<AsyncDisposable & { url: string }> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => answer(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

const BODY = randomBytes(700_000)

function head(hasLength: boolean): string {
  return `HTTP/1.0 200 OK\r\n${hasLength ? `Content-Length: ${BODY.length}\r\n` : ''}\r\n`
}

/** Downloads it so slowly that what comes is held back. */
async function downloadHeldBack(url: string, file: string): Promise<number> {
  const received = await download(`${url}file`, {
    file,
    size: BODY.length,
    checksums: { sha256: createHash('sha256').update(BODY).digest('hex') },
    signal: AbortSignal.timeout(20_000),
    transport: new Transport(url, USUAL_CONNECTION, {
      environment: { http: undefined, https: undefined, no: undefined },
      auth: [],
    }),
    bandwidth: new Bandwidth(1500),
  })
  return received.size
}

describe('a server that ends the connection behind its answer, while the download is held back', () => {
  it.each([true, false])('gives the whole file (announces its length: %s)', async (hasLength) => {
    await using server = await closingServer((socket) => {
      socket.write(head(hasLength))
      socket.end(BODY)
    })
    await using folder = await temporaryFolder()
    for (let at = 0; at < 3; at++) expect(await downloadHeldBack(server.url, folder.file(`${at}`))).toBe(BODY.length)
  })

  it('costs a download, and no program, when it breaks off', async () => {
    await using server = await closingServer((socket) => {
      socket.write(head(true))
      socket.write(BODY.subarray(0, 300_000), () => socket.resetAndDestroy())
    })
    await using folder = await temporaryFolder()
    await expect(downloadHeldBack(server.url, folder.file('cut'))).rejects.toThrow(FetchError)
  })
})
