/**
 * A server on an address of its own and one on loopback, in a network without others: `unshare -nm`, then `ip addr add ADDRESS dev
 * lo`, and a file in the place of /etc/hosts, then `node redirecting.js ADDRESS HOSTS`. The first redirects to the second, by its
 * address, its name, and as IPv6; says on its output what came of asking, a line of JSON.
 */
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { argv, exit, stdout } from 'node:process'
import { USUAL_CONNECTION } from '../../src/packages/format/connection.ts'
import { closeConnections } from '../../src/packages/transfer/dispatchers.ts'
import { TRANSFER_LIMITS } from '../../src/packages/transfer/limits.ts'
import { openAddress } from '../../src/packages/transfer/request.ts'
import { Transport } from '../../src/packages/transfer/transport.ts'

const [, , outer = '', hosts = ''] = argv
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

async function ask(
  repository: string,
  asked: { host?: string; redirect?: string; addresses?: string[] },
): Promise<string> {
  const uri = `http://${repository}:${first}/`
  const network = { environment: { http: undefined, https: undefined, no: undefined }, auth: [] }
  const transport = new Transport(uri, USUAL_CONNECTION, network, asked.addresses)
  const { signal } = new AbortController()
  const { host, redirect = '' } = asked
  try {
    const address = host === undefined ? `${uri}${encodeURIComponent(redirect)}` : `http://${host}:${port}/`
    const { body, status } = await openAddress(address, { signal, transport, limits: TRANSFER_LIMITS })
    body.destroy()
    return String(status)
  } catch (error) {
    return error instanceof Error && 'kind' in error ? String(error.kind) : String(error)
  }
}

/** What names stand for from now on. */
function call(names: Record<string, string>): void {
  writeFileSync(hosts, Object.entries(names).map(([name, address]) => `${address} ${name}\n`).join(''))
}

call({ 'mirror.test': outer, 'inner.test': '127.0.0.1', 'moving.test': outer })
const targets = [
  ...['127.0.0.1', 'localhost', '[::1]', '[::ffff:127.0.0.1]', '0.0.0.0', '2130706433', 'inner.test'],
  ...[outer, 'mirror.test'],
]
const answers: Record<string, string> = {}
for (const redirect of targets) answers[redirect] = await ask(outer, { redirect })
const before = reached
const own = await ask('127.0.0.1', { redirect: '127.0.0.1' })
// What a list of mirrors names, and the administrator does not.
const listed: Record<string, string> = {}
for (const host of ['127.0.0.1', 'inner.test', 'mirror.test']) listed[host] = await ask(outer, { host })
const named = await ask(outer, { host: 'inner.test', addresses: ['http://inner.test/'] })
const within = await ask('127.0.0.1', { host: 'inner.test' })
// A host that has answered from outside does not become one of this network, nor does it lead there.
const moved = [await ask('moving.test', { redirect: outer })]
call({ 'moving.test': '127.0.0.1' })
await closeConnections()
moved.push(await ask('moving.test', { redirect: outer }))
// The same pool, other sides: one that is inside once is no reason to follow another there.
call({ 'turning.test': '127.0.0.1' })
const turned = [await ask('turning.test', { redirect: '127.0.0.1' })]
call({ 'turning.test': outer })
await closeConnections()
turned.push(await ask('turning.test', { redirect: '127.0.0.1' }))
stdout.write(`${JSON.stringify({ answers, before, own, listed, named, within, moved, turned })}\n`)
exit(0)
