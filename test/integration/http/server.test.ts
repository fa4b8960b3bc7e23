/** The paths that belong to no task, and what holds for every answer (docs/http.md, 'Rules for every answer'). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startServer, type TestServer } from '../../helpers/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(async () => await server[Symbol.asyncDispose]())

describe('GET /', () => {
  it('says what this is, the limits, and the two commands that send a core', async () => {
    const reply = await server.client.ask('/')
    expect([reply.status, reply.headers['content-type']]).toEqual([200, 'text/plain; charset=utf-8'])
    expect(reply.text).toContain('retrace server')
    expect(reply.text.match(/curl --data-binary @\S+ -H 'Content-Type: [a-z/-]+'/g)).toHaveLength(2)
    // Not the Host of a request: a cache could show one person's word to another.
    expect(reply.text).toContain('https://SERVER/create')
    expect(reply.text).toContain('50 MiB')
    expect(reply.text).toContain('500 MiB')
    expect(Math.max(...reply.text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(140)
  })
})

describe('paths and methods', () => {
  it.each([
    '/nothing',
    '/create/',
    '/5/',
    '/5/nothing',
    '/5/log/x',
    '/settings/',
    '//',
    '/%00',
    '/create%2f',
    '/index.html',
  ])(
    'answers 404 to the unknown path %s',
    async (path) => {
      for (const method of ['GET', 'POST', 'DELETE']) {
        const reply = await server.client.ask(path, { method })
        expect(reply.status).toBe(404)
        expect(reply.headers['content-length']).toBe(String(reply.body.length))
        expect(reply.headers['content-type']).toBe('text/plain; charset=utf-8')
        expect(reply.text).toMatch(/^There is .*\n$/)
      }
    },
  )

  it.each([
    ['/', 'GET, HEAD'],
    ['/settings', 'GET, HEAD'],
    ['/checkpackage', 'GET, HEAD'],
    ['/openapi.json', 'GET, HEAD'],
    ['/create', 'POST, OPTIONS'],
  ])('answers 405 with Allow to other methods, OPTIONS too but where parts can be sent: %s', async (path, allow) => {
    const isCreate = path === '/create'
    for (
      const method of ['PUT', 'DELETE', 'PATCH', 'TRACE', isCreate ? 'GET' : 'POST', ...(isCreate ? [] : ['OPTIONS'])]
    ) {
      const reply = await server.client.ask(path, { method })
      expect([method, reply.status, reply.headers.allow]).toEqual([method, 405, allow])
      expect(reply.headers['content-length']).toBe(String(reply.body.length))
    }
    if (isCreate) expect((await server.client.ask(path, { method: 'HEAD' })).status).toBe(405)
  })

  it.each(['/', '/settings', '/openapi.json', '/nothing', '/checkpackage'])('answers HEAD as GET: %s', async (path) => {
    const [get, head] = [await server.client.ask(path), await server.client.ask(path, { method: 'HEAD' })]
    expect(head.body.length).toBe(0)
    expect(head.status).toBe(get.status)
    expect(head.headers['content-length']).toBe(String(get.body.length))
    expect(head.headers['content-type']).toBe(get.headers['content-type'])
  })

  it('ignores a query', async () => {
    expect((await server.client.ask('/settings?x=1')).status).toBe(200)
  })

  it('gives problem+json to who asks for JSON', async () => {
    for (const accept of ['application/json', 'application/problem+json', 'application/json, text/plain, */*']) {
      const reply = await server.client.ask('/create', { headers: { Accept: accept } })
      expect(reply.headers['content-type']).toBe('application/problem+json')
      expect(reply.headers['content-length']).toBe(String(reply.body.length))
      expect(reply.headers.allow).toBe('POST, OPTIONS')
      expect(reply.json()).toEqual({
        type: 'about:blank',
        title: 'The method is not allowed here',
        status: 405,
        detail: 'This path answers to POST, OPTIONS only',
        code: 'method-not-allowed',
      })
    }
  })

  it('names the limit in problem+json as setting, value and unit', async () => {
    const reply = await server.client.ask('/create', {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-tar', 'Content-Length': '60000000', 'Accept': 'application/json' },
      body: 'x',
    }).catch((error) => error)
    expect(reply.json()).toMatchObject({
      code: 'packed-too-large',
      limit: { setting: 'RETRACE_MAX_PACKED_MB', value: 50, unit: 'MiB' },
    })
  })
})
