/**
 * A server on an address of its own and one on loopback, in a network without others: `unshare -n`, then `ip addr add ADDRESS dev
 * lo`, then `node redirecting.js ADDRESS`. The first redirects to the second, by its address, its name, and as IPv6; says on its
 * output what came of asking, a line of JSON.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { argv, exit, stdout } from 'node:process'
import { USUAL_CONNECTION } from '../../src/packages/format/connection.ts'
import { TRANSFER_LIMITS } from '../../src/packages/transfer/limits.ts'
import { openAddress } from '../../src/packages/transfer/request.ts'
import { Transport } from '../../src/packages/transfer/transport.ts'

const outer = argv[2] ?? ''
let reached = 0
const inner = createServer((_, answer) => {
  reached++
  answer.end('a secret of this machine')
}).listen(0, '::')
await once(inner, 'listening')
const { port } = inner.address() as AddressInfo
const redirecting = createServer((asked, answer) => {
  const host = decodeURIComponent(asked.url?.slice(1) ?? '')
  answer.writeHead(302, { Location: `http://${host}:${port}/` }).end()
}).listen(0, '::')
await once(redirecting, 'listening')
const { port: first } = redirecting.address() as AddressInfo

async function ask(repository: string, host: string): Promise<string> {
  const uri = `http://${repository}:${first}/`
  const network = { environment: { http: undefined, https: undefined, no: undefined }, auth: [] }
  const transport = new Transport(uri, USUAL_CONNECTION, network)
  const { signal } = new AbortController()
  try {
    const { body, status } = await openAddress(`${uri}${encodeURIComponent(host)}`, {
      ...{ signal, transport },
      limits: TRANSFER_LIMITS,
    })
    body.destroy()
    return String(status)
  } catch (error) {
    return error instanceof Error && 'kind' in error ? String(error.kind) : String(error)
  }
}

const hosts = ['127.0.0.1', 'localhost', '[::1]', '[::ffff:127.0.0.1]', '0.0.0.0', '2130706433', outer]
const answers: Record<string, string> = {}
for (const host of hosts) answers[host] = await ask(outer, host)
const before = reached
const own = await ask('127.0.0.1', 'localhost')
stdout.write(`${JSON.stringify({ answers, before, own })}\n`)
exit(0)
