/**
 * Plain HTTP behind a proxy: whose X-Forwarded-Proto counts, and HTTPS required on every path (docs/http.md, 'Rules for
 * every answer').
 */
import { describe, expect, it } from 'vitest'
import { http2Client } from '../../helpers/http2.ts'
import { startServer } from '../../helpers/server.ts'

const HTTPS = { 'X-Forwarded-Proto': 'https' }
const PATHS = ['/', '/settings', '/create', '/7', '/7/log', '/checkpackage', '/openapi.json', '/nothing']

describe('with RETRACE_TRUST_PROXY naming the peer', () => {
  it('answers 403 on every path unless the proxy says that its client came over HTTPS', async () => {
    await using server = await startServer({ plain: true, settings: { RETRACE_TRUST_PROXY: '10.0.0.1, 127.0.0.0/8' } })
    for (const path of PATHS) {
      for (const headers of [undefined, { 'X-Forwarded-Proto': 'http' }, { 'X-Forwarded-Proto': 'https, http' }]) {
        const reply = await server.client.ask(path, { method: 'GET', ...(headers && { headers }) })
        expect([path, reply.status]).toEqual([path, 403])
        expect(reply.text).toMatch(/^Only HTTPS is allowed here.*\n$/)
        expect(reply.headers['content-length']).toBe(String(reply.body.length))
        expect(reply.headers['cache-control']).toBe('no-store')
      }
      expect((await server.client.ask(path, { headers: HTTPS })).status).not.toBe(403)
    }
  })

  it('asks for HTTPS before anything else, the method included', async () => {
    await using server = await startServer({ plain: true, settings: { RETRACE_TRUST_PROXY: '127.0.0.1' } })
    expect((await server.client.ask('/create', { method: 'PUT' })).status).toBe(403)
    expect((await server.client.ask('/create', { method: 'PUT', headers: HTTPS })).status).toBe(405)
  })

  it('knows an IPv4 proxy on a socket that listens on ::', async () => {
    await using server = await startServer({
      plain: true,
      settings: { RETRACE_TRUST_PROXY: '127.0.0.1', RETRACE_HOST: '::' },
    })
    server.client.base = `http://127.0.0.1:${server.port}`
    expect((await server.client.ask('/', { headers: HTTPS })).status).toBe(200)
    expect((await server.client.ask('/')).status).toBe(403)
  })

  it('believes the proxy that a connection was no HTTPS, although it came over TLS of our own', async () => {
    await using server = await startServer({ settings: { RETRACE_TRUST_PROXY: '127.0.0.1' } })
    expect((await server.client.ask('/')).status).toBe(200)
    expect((await server.client.ask('/', { headers: { 'X-Forwarded-Proto': 'http' } })).status).toBe(403)
    using client = await http2Client(server)
    expect((await client.ask({ ':path': '/', 'x-forwarded-proto': 'http' })).status).toBe(403)
  })
})

it('believes no peer that is no trusted proxy', async () => {
  await using server = await startServer({ plain: true, settings: { RETRACE_TRUST_PROXY: '10.0.0.1' } })
  expect((await server.client.ask('/', { headers: HTTPS })).status).toBe(403)
})

it('allows plain HTTP with RETRACE_REQUIRE_HTTPS=0', async () => {
  await using server = await startServer({ plain: true, settings: { RETRACE_REQUIRE_HTTPS: '0' } })
  expect((await server.client.ask('/')).status).toBe(200)
})

it('answers a problem+json about HTTPS to who asks for one', async () => {
  await using server = await startServer({ plain: true, settings: { RETRACE_TRUST_PROXY: '10.0.0.1' } })
  const reply = await server.client.ask('/', { headers: { Accept: 'application/problem+json' } })
  expect(reply.headers['content-type']).toBe('application/problem+json')
  expect(reply.json()).toMatchObject({ status: 403, code: 'https-required', type: 'about:blank' })
})
