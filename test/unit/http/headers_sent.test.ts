import { once } from 'node:events'
import { createServer, request } from 'node:http'
import { connect, createServer as createHttp2Server } from 'node:http2'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AddressInfo, Server } from 'node:net'
import { describe, expect, it } from 'vitest'
import { headersSent } from '../../../src/http/headers_sent.ts'
import type { Outgoing } from '../../../src/http/incoming.ts'

interface Client {
  /** The status of the answer, when its headers have come. */
  status: Promise<number>
  leave(): void
}

interface Protocol {
  name: string
  server(answer: (outgoing: Outgoing) => void): Server
  ask(port: number): Client
}

const PROTOCOLS: Protocol[] = [
  {
    name: 'HTTP/1.1',
    server: (answer) => createServer((_incoming, outgoing) => answer(outgoing)),
    ask(port) {
      const asked = request({ port }).on('error', () => undefined).end()
      const status = once(asked, 'response').then(([answer]) => answer.statusCode as number)
      return { status, leave: () => void asked.destroy() }
    },
  },
  {
    name: 'HTTP/2',
    server: (answer) => createHttp2Server((_incoming, outgoing) => answer(outgoing)),
    ask(port) {
      const session = connect(`http://localhost:${port}`).on('error', () => undefined)
      const asked = session.request({ ':path': '/' }).on('error', () => undefined)
      const status = once(asked, 'response').then(([headers]) => headers[':status'] as number)
      return { status, leave: () => session.destroy() }
    },
  },
]

/** HTTP/2 does it by itself. */
function flush(outgoing: Outgoing): void {
  if ('flushHeaders' in outgoing) outgoing.flushHeaders()
}

describe.each(PROTOCOLS)('headersSent() over $name', ({ server, ask }) => {
  /** Asks once, and calls `answer` with the answer to be made. */
  async function serve(answer: (outgoing: Outgoing, client: Client) => Promise<void>): Promise<void> {
    let listening: Server | undefined
    const asked = new Promise<Outgoing>((resolve) => listening = server(resolve).listen(0))
    await once(listening!, 'listening')
    const client = ask((listening!.address() as AddressInfo).port)
    client.status.catch(() => undefined)
    try {
      await answer(await asked, client)
    } finally {
      client.leave()
      listening!.close()
    }
  }

  it('resolves when they have been written, not before, although no body has come yet', async () => {
    await serve(async (outgoing, client) => {
      let told = false
      const sent = headersSent(outgoing).then(() => told = true)
      await sleep(20)
      expect(told).toBe(false)
      outgoing.writeHead(201, { 'X-Task-Id': '1' })
      flush(outgoing)
      expect(told).toBe(false)
      await sent
      expect(await client.status).toBe(201)
    })
  })

  it('resolves for an answer without a body', async () => {
    await serve(async (outgoing, client) => {
      const sent = headersSent(outgoing)
      outgoing.writeHead(201).end()
      await sent
      expect(await client.status).toBe(201)
    })
  })

  it('resolves when they were written before it was asked', async () => {
    await serve(async (outgoing) => {
      outgoing.writeHead(201)
      flush(outgoing)
      await expect(headersSent(outgoing)).resolves.toBeUndefined()
    })
  })

  it('resolves when the client goes before there is an answer', async () => {
    await serve(async (outgoing, client) => {
      const sent = headersSent(outgoing)
      client.leave()
      await expect(sent).resolves.toBeUndefined()
      expect(outgoing.headersSent).toBe(false)
    })
  })

  it('resolves when the client had gone before', async () => {
    await serve(async (outgoing, client) => {
      const closed = once(outgoing, 'close')
      client.leave()
      await closed
      await expect(headersSent(outgoing)).resolves.toBeUndefined()
    })
  })
})
