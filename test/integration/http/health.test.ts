/** /healthz, /readyz and /metrics: what probes, balancers and Prometheus ask. */
import { createServer } from 'node:net'
import { writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { release, repository } from '../../../schema/tables.ts'
import { temporaryFolder } from '../../helpers/folder.ts'
import { startServer, startServerChild } from '../../helpers/server.ts'
import { createTask, endOf, FAIL, scriptedWorker, SUCCEED } from '../../helpers/task.ts'
import { freePort } from '../../helpers/free_port.ts'

describe('/healthz and /readyz', () => {
  it('says ok when all is well, in text and in JSON, part by part', async () => {
    await using server = await startServer()
    expect(await server.client.ask('/healthz')).toMatchObject({ status: 200, text: 'ok\n' })
    const text = await server.client.ask('/readyz')
    expect(text.status).toBe(200)
    expect(text.text).toMatch(/^ok {3}spool: /m)
    const json = await server.client.ask('/readyz', { headers: { Accept: 'application/json' } })
    expect(json.json()).toMatchObject({ ready: true, parts: { sandbox: { ok: true }, database: { ok: true } } })
    expect(text.text).not.toContain(server.folder.path)
  })

  it('/readyz fails and /healthz does not when the space is below RETRACE_MIN_FREE_MB', async () => {
    await using server = await startServer({ settings: { RETRACE_MIN_FREE_MB: '1073741824' } })
    const reply = await server.client.ask('/readyz')
    expect([reply.status, reply.headers['retry-after']]).toEqual([503, '60'])
    expect(reply.text).toMatch(/^FAIL space: [0-9]+ MiB are free for the spool, RETRACE_MIN_FREE_MB is 1073741824$/m)
    expect((await server.client.ask('/healthz')).status).toBe(200)
  })

  it.each([
    ['was never synced', null, /^FAIL sync: a repository was never synced: run abrt-reposync$/m],
    ['was synced three days ago', 3 * 86_400, /^FAIL sync: the last sync of all repositories was at .* too long ago/m],
    ['was synced an hour ago', 3600, /^ok {3}sync: the last sync of all repositories was at /m],
  ])('judges the last sync when a repository %s', async (_, age, line) => {
    await using server = await startServer()
    const { database } = server.program.services
    database.insert(release).values({ id: 1, name: 'debian-12-amd64' }).run()
    database.insert(repository).values({
      releaseId: 1,
      format: 'deb',
      uri: 'http://archive.example/',
      suite: 'bookworm',
      component: 'main',
      architecture: 'amd64',
      fetch: 'on-demand',
      superseded: 'keep',
      synced: age === null ? null : Math.floor(Date.now() / 1000) - age,
    }).run()
    expect((await server.client.ask('/readyz')).text).toMatch(line)
  })

  it('/readyz does not wait for a sync of a repository that is configured no more', async () => {
    await using server = await startServer()
    const { database } = server.program.services
    database.insert(release).values({ id: 1, name: 'debian-12-amd64' }).run()
    const common = { releaseId: 1, format: 'deb', suite: 'bookworm', component: 'main', architecture: 'amd64' } as const
    const now = Math.floor(Date.now() / 1000)
    database.insert(repository).values([
      { ...common, uri: 'http://old.example/', fetch: 'none', superseded: 'keep', synced: now - 30 * 86_400 },
      { ...common, uri: 'http://new.example/', fetch: 'on-demand', superseded: 'keep', synced: now - 3600 },
    ]).run()
    expect((await server.client.ask('/readyz')).text).toMatch(/^ok {3}sync: /m)
  })

  it('/readyz fails when the database cannot be written to', async () => {
    await using server = await startServer()
    server.program.services.database.$client.pragma('query_only = ON')
    const reply = await server.client.ask('/readyz')
    expect(reply.status).toBe(503)
    expect(reply.text).toMatch(/^FAIL database: RETRACE_DATABASE cannot be used \(SQLITE_READONLY/m)
    server.program.services.database.$client.pragma('query_only = OFF')
  })
})

describe('/metrics', () => {
  it('counts uploads, ends, refusals and requests', async () => {
    await using folder = await temporaryFolder()
    const port = await freePort()
    const good = scriptedWorker(folder, `if [ -e ${folder.file('fail')} ]; then\n${FAIL}\nfi\n${SUCCEED}`)
    await using server = await startServer({ workerCommand: good, settings: { RETRACE_METRICS_PORT: String(port) } })
    await endOf(server, await createTask(server))
    writeFileSync(folder.file('fail'), '')
    await endOf(server, await createTask(server))
    await server.client.ask('/create', { method: 'POST', headers: { 'Content-Type': 'text/strange' } })
    const reply = await fetch(`http://127.0.0.1:${port}/metrics`)
    expect(reply.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
    const text = await reply.text()
    expect(text).toMatch(/^retrace_uploads_total 2$/m)
    expect(text).toMatch(/^retrace_tasks_ended_total\{state="FINISHED_SUCCESS",outcome="ok"\} 1$/m)
    expect(text).toMatch(/^retrace_tasks_ended_total\{state="FINISHED_FAILURE",outcome="core-not-elf"\} 1$/m)
    expect(text).toMatch(/^retrace_refusals_total\{code="unsupported-media-type"\} 1$/m)
    expect(text).toMatch(/^retrace_http_request_seconds_count\{method="POST",status="201"\} 2$/m)
    expect(text).toMatch(/^retrace_tasks\{state="running"\} 0$/m)
    expect(text).toMatch(/^retrace_certificate_expiry_timestamp_seconds \d{10}/m)
    expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds /m)
    expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200)
    // The metrics are not for strangers.
    expect((await server.client.ask('/metrics')).status).toBe(404)
  }, 30_000)

  it('ends the start with a sentence when the port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => taken.once('listening', resolve))
    const { port } = taken.address() as AddressInfo
    const start = startServerChild({ settings: { RETRACE_METRICS_PORT: String(port) } })
    await expect(start).rejects.toThrow(`RETRACE_METRICS_PORT is ${port}, which another program listens on already`)
    taken.close()
  }, 30_000)
})
