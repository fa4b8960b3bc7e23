/** What one stranger can take of a server: uploads, places, workers, connections (docs/http.md, 'Limits per client'). */
import { once } from 'node:events'
import { readdirSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { expect, it } from 'vitest'
import { designMembers, tarOf } from '../../helpers/archives.ts'
import { temporaryFolder } from '../../helpers/folder.ts'
import { startServer, startServerChild, type TestServer } from '../../helpers/server.ts'
import { createTask, endOf, eventually, scriptedWorker, SUCCEED } from '../../helpers/task.ts'
import { freePort } from '../../helpers/free_port.ts'

const HEAD = 'POST /create HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-tar\r\nContent-Length: 1000000\r\n\r\n'
const PLAIN = { RETRACE_REQUIRE_HTTPS: '0' }

function draftsOf({ config }: TestServer): string[] {
  return readdirSync(config.spoolDir).filter((name) => name.startsWith('upload-'))
}

async function open(server: TestServer): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port: server.port })
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

it('lets slow uploads of one address take no place, start no worker, and be no more than their limit', async () => {
  await using server = await startServer({
    plain: true,
    settings: { ...PLAIN, RETRACE_MAX_RUNNING_TASKS: '5', RETRACE_MAX_UPLOADS_PER_CLIENT: '5' },
  })
  const sockets = await Promise.all(Array.from({ length: 5 }, () => open(server)))
  for (const socket of sockets) socket.write(`${HEAD}x`)
  await eventually(() => draftsOf(server).length === 5)
  expect(server.program.services.runner.load()).toEqual({ running: 0, queued: 0, uploading: 0, goingOn: 0 })
  const headers = { 'Content-Type': 'application/x-tar' }
  const refused = await server.client.ask('/create', { method: 'POST', headers, body: 'x' })
  expect(refused.status).toBe(429)
  expect(refused.text).toContain('RETRACE_MAX_UPLOADS_PER_CLIENT')
  expect(refused.headers['retry-after']).toBe('60')
  for (const socket of sockets) socket.destroy()
  await eventually(async () => {
    const reply = await server.client.ask('/create', { method: 'POST', headers, body: 'x' })
    return reply.status === 400
  })
  await eventually(() => draftsOf(server).length === 0)
})

it('closes the longest idle connection of a client that has too many, never the newest, none with a request', async () => {
  await using server = await startServer({
    plain: true,
    settings: { ...PLAIN, RETRACE_MAX_CONNECTIONS_PER_CLIENT: '5' },
  })
  const upload = await open(server)
  upload.write(`${HEAD}x`)
  await eventually(() => draftsOf(server).length === 1)
  const idle: Socket[] = []
  for (let opened = 0; opened < 20; opened++) idle.push(await open(server))
  const [last] = idle.slice(-1)
  last?.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n')
  await eventually(() => (last?.bytesRead ?? 0) > 0)
  await eventually(() => idle.filter(({ closed }) => !closed).length === 4)
  expect(upload.closed).toBe(false)
  expect(idle.slice(0, 16).every(({ closed }) => closed)).toBe(true)
  for (const socket of [upload, ...idle]) socket.destroy()
})

/** The status of a small upload from an address of this machine. */
async function uploadFrom(localAddress: string, port: number): Promise<number> {
  const body = tarOf(designMembers())
  const headers = { 'Content-Type': 'application/x-tar', 'Content-Length': body.length, 'Prefer': 'respond-async' }
  const outgoing = request({ host: '127.0.0.1', port, localAddress, path: '/create', method: 'POST', headers })
  outgoing.end(body)
  const [reply] = await once(outgoing, 'response')
  reply.resume()
  return reply.statusCode
}

it('lets tasks of one address take no more places than their limit, and others have theirs', async () => {
  await using folder = await temporaryFolder()
  await using server = await startServer({
    plain: true,
    settings: { ...PLAIN, RETRACE_MAX_RUNNING_TASKS: '4', RETRACE_MAX_TASKS_PER_CLIENT: '2' },
    workerCommand: scriptedWorker(folder, `while [ ! -e go ] && [ -d . ]; do sleep 0.05; done\n${SUCCEED}`),
  })
  const tasks = [await createTask(server), await createTask(server)]
  const refused = await server.client.ask('/create', {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-tar' },
    body: 'x',
  })
  expect(refused.status).toBe(429)
  expect(refused.text).toContain('RETRACE_MAX_TASKS_PER_CLIENT')
  expect(await uploadFrom('127.0.0.2', server.port)).toBe(201)
  writeFileSync(server.spool(tasks[0]?.id ?? '', 'go'), '')
  await endOf(server, tasks[0]!)
  await eventually(async () => await uploadFrom('127.0.0.1', server.port) === 201)
})

it('answers an administrator on this machine while strangers hold all connections', async () => {
  const metricsPort = await freePort()
  await using server = await startServer({
    plain: true,
    settings: { ...PLAIN, RETRACE_METRICS_PORT: String(metricsPort) },
  })
  const sockets: Socket[] = []
  for (let taken = 0; taken < 1000; taken++) {
    const socket = connect({
      host: '127.0.0.1',
      port: server.port,
      localAddress: `127.0.0.${2 + Math.floor(taken / 100)}`,
    })
    socket.on('error', () => undefined)
    sockets.push(socket)
  }
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  expect((await server.client.ask('/healthz')).status).toBe(200)
  const scraped = await fetch(`http://127.0.0.1:${metricsPort}/metrics`)
  expect([scraped.status, (await scraped.text()).includes('retrace_tasks')]).toEqual([200, true])
  for (const socket of sockets) socket.destroy()
})

it('says the refusals of one address in a line and a count', async () => {
  await using server = await startServerChild()
  for (let asked = 0; asked < 100; asked++) {
    expect((await server.client.ask('/77', { password: 'x' })).status).toBe(404)
    expect((await server.client.ask('/create', { method: 'POST', body: 'x' })).status).toBe(415)
  }
  await server.end('SIGTERM')
  const lines = server.log().split('\n').filter((line) => /40[0-9]|41[0-9]/.test(line))
  expect(lines.filter((line) => line.includes('404'))).toHaveLength(2)
  expect(lines.filter((line) => line.includes('415'))).toHaveLength(2)
  expect(server.log()).toMatch(/99 more answers 404 to \S*127\.0\.0\.1/)
})

it.each([
  ['HTTP/0.9', 'GET /settings\r\n\r\n'],
  ['HTTP/2.0 in clear', 'GET /settings HTTP/2.0\r\nHost: x\r\n\r\n'],
  ['two Host headers', 'GET /settings HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n'],
  ['two Host headers in HTTP/1.0', 'GET /settings HTTP/1.0\r\nHost: x\r\nhost: x\r\n\r\n'],
  ['no Host', 'GET /settings HTTP/1.1\r\n\r\n'],
])('answers 400 to %s', async (_, request) => {
  await using server = await startServer({ plain: true, settings: PLAIN })
  using connection = await server.client.raw()
  await connection.write(request)
  expect(await connection.until(/\r\n\r\n[A-Z].*\n/)).toMatch(/^HTTP\/1\.1 400 /)
})
