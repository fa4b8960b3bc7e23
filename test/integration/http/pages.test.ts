/** Pages, as a browser gets them: who gets one, the form and its cookie, and what no stranger can do with them. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Reply } from '../../helpers/client.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { startServer } from '../../helpers/server.ts'
import { type CreatedTask, createTask, endOf, FAIL, scriptedWorker, SUCCEED } from '../../helpers/task.ts'

const BROWSER = { Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' }

let folder: Folder
let server: Awaited<ReturnType<typeof startServer>>
let task: CreatedTask

beforeAll(async () => {
  folder = await temporaryFolder()
  const worker = scriptedWorker(folder, `if grep -q fail packages; then\n${FAIL}\nelse\n${SUCCEED}\nfi`)
  server = await startServer({ workerCommand: worker })
  task = await createTask(server)
  await endOf(server, task)
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

const page = (path: string, headers: Record<string, string> = {}) =>
  server.client.ask(path, { headers: { ...BROWSER, ...headers } })

async function open(id: string, password: string, headers: Record<string, string> = {}): Promise<Reply> {
  const body = new URLSearchParams({ id, password }).toString()
  return await server.client.ask('/open', { method: 'POST', body, headers: { ...FORM, ...BROWSER, ...headers } })
}

/** The cookie of an opened task, as a browser would send it. */
async function cookieOf({ id, password }: CreatedTask): Promise<{ Cookie: string }> {
  const [cookie = ''] = (await open(id, password)).headers['set-cookie'] ?? []
  return { Cookie: cookie.split(';', 1)[0] ?? '' }
}

describe('who gets a page', () => {
  it.each([
    ['a browser', BROWSER.Accept, 'text/html'],
    ['curl', '*/*', 'text/plain'],
    [
      'who says nothing',
      undefined,
      'text/plain',
    ],
    ['lynx', 'text/html, text/plain, text/sgml, */*;q=0.01', 'text/html'],
    [
      'who likes text better',
      'text/html;q=0.1, text/plain',
      'text/plain',
    ],
    ['who likes anything better', 'text/html;q=0.5, */*;q=0.8', 'text/plain'],
    [
      'who wants no page',
      'text/html;q=0',
      'text/plain',
    ],
    ['who takes any text', 'text/*', 'text/plain'],
    ['who shouts', 'TEXT/HTML; Q=1', 'text/html'],
  ])(
    '%s gets GET / as it likes, and caches are told so',
    async (_, accept, type) => {
      const reply = await server.client.ask('/', accept === undefined ? {} : { headers: { Accept: accept } })
      expect(reply.headers['content-type']).toContain(type)
      expect(reply.headers.vary).toMatch(/^Accept\b/)
    },
  )

  it.each(['/', '/nowhere', '/999', '/1', '/1/backtrace', '/1/none/below'])(
    'a browser gets a page at %s that may run nothing but our scripts, and be in no frame',
    async (path) => {
      const { headers, text } = await page(path)
      expect(headers['content-type']).toBe('text/html; charset=utf-8')
      expect(headers['content-security-policy']).toMatch(/default-src 'none'.*frame-ancestors 'none'/)
      expect(headers['content-security-policy']).not.toContain('unsafe')
      expect(headers).toMatchObject({
        'referrer-policy': 'same-origin',
        'x-content-type-options': 'nosniff',
        'cross-origin-opener-policy': 'same-origin',
        'cache-control': 'no-store',
        'content-length': String(new TextEncoder().encode(text).length),
      })
      expect(text).not.toMatch(/ style=| on[a-z]+=|<style|<script>|https?:\/\/(?!SERVER)/)
    },
  )

  it('HEAD says what GET would, at every page', async () => {
    const cookie = await cookieOf(task)
    for (const path of ['/', `/${task.id}`, '/nowhere', '/assets/pages.css']) {
      const [got, said] = [
        await page(path, cookie),
        await server.client.ask(path, { method: 'HEAD', headers: { ...BROWSER, ...cookie } }),
      ]
      const { date: _, ...headers } = got.headers
      expect([path, said.status, said.body.length]).toEqual([path, got.status, 0])
      expect(said.headers).toMatchObject(headers)
    }
  })

  it('no answer is guessed to be of another type, and none that holds a secret is stored', async () => {
    const { id, password } = task
    const paths = ['', '/backtrace', '/backtrace.json', '/backtrace.md', '/log', '/modules', '/exploitable', '/events']
    for (
      const path of [
        '/',
        '/settings',
        '/openapi.json',
        '/healthz',
        '/stats',
        '/nowhere',
        ...paths.map((each) => `/${id}${each}`),
      ]
    ) {
      const { headers } = await server.client.ask(path, { password })
      expect([path, headers['x-content-type-options'], headers['cache-control']]).toEqual([path, 'nosniff', 'no-store'])
    }
    const opened = await open(id, password)
    expect([opened.headers['x-content-type-options'], opened.headers['cache-control']]).toEqual(['nosniff', 'no-store'])
  })

  it('a failure is a page with the same status, whose links lead to the root', async () => {
    const reply = await page('/no/such/place')
    expect([reply.status, reply.text.includes('href="../../"')]).toEqual([404, true])
  })

  it('a page is compressed for who asks', async () => {
    const reply = await page('/', { 'Accept-Encoding': 'gzip' })
    expect(reply.headers['content-encoding']).toBe('gzip')
    expect(gunzipSync(reply.body).toString()).toContain('</html>')
  })
})

describe('a task in a browser', () => {
  it('without a password is 403 with the form as its body, and 404 where there is none', async () => {
    const asked = await page(`/${task.id}`)
    expect([asked.status, /<form[^>]*action="\.\/open"/.test(asked.text)]).toEqual([403, true])
    expect((await page('/999')).status).toBe(404)
  })

  it('is opened by the form, with a cookie that scripts cannot read and other sites do not send', async () => {
    const opened = await open(task.id, task.password)
    expect([opened.status, opened.headers.location]).toEqual([303, task.id])
    const [cookie = ''] = opened.headers['set-cookie'] ?? []
    expect(cookie.split('; ').slice(1).sort()).toEqual(['HttpOnly', `Path=/${task.id}`, 'SameSite=Strict', 'Secure'])
    expect(cookie).not.toContain(task.password)
    const shown = await page(`/${task.id}`, await cookieOf(task))
    expect([shown.status, shown.headers['x-task-status']]).toEqual([200, 'FINISHED_SUCCESS'])
    expect(shown.text).toContain('All is well.')
  })

  it('opens every path of it, and no other task', async () => {
    const cookie = await cookieOf(task)
    for (const path of ['', '/backtrace', '/backtrace.json', '/log', '/modules', '/events']) {
      expect([path, (await server.client.ask(`/${task.id}${path}`, { headers: cookie })).status]).toEqual([path, 200])
    }
    const other = await createTask(server)
    expect((await server.client.ask(`/${other.id}`, { headers: cookie })).status).toBe(403)
  })

  it('a password in a header goes before the cookie, right or wrong', async () => {
    const cookie = await cookieOf(task)
    const wrong = { ...cookie, 'X-Task-Password': 'x'.repeat(22) }
    expect((await server.client.ask(`/${task.id}`, { headers: wrong })).status).toBe(403)
  })

  it('a task whose number another one begins with is not reached: a path ends at a slash', async () => {
    const [cookie = ''] = (await open(task.id, task.password)).headers['set-cookie'] ?? []
    expect(cookie).toContain(`Path=/${task.id};`)
  })

  it('leaving takes the cookie back', async () => {
    const left = await server.client.ask(`/${task.id}/leave`, { method: 'POST', headers: BROWSER })
    expect([left.status, left.headers.location]).toEqual([303, '../'])
    expect(left.headers['set-cookie']?.[0]).toContain(`Path=/${task.id}; Secure; HttpOnly; SameSite=Strict; Max-Age=0`)
  })

  it('a failed task says why, and shows the end of its log', async () => {
    const failed = await createTask(server, {
      coredump: 'x',
      architecture: 'x86_64',
      release: 'debian-12-amd64',
      packages: 'fail_1_amd64',
    })
    await endOf(server, failed)
    const { text } = await page(`/${failed.id}`, await cookieOf(failed))
    expect(text).toContain('The core is no ELF file.')
    expect(text).toContain('read: the core is no core')
  })

  it('is deleted by a form, which leads back to the beginning', async () => {
    const gone = await createTask(server)
    const headers = { ...BROWSER, ...await cookieOf(gone) }
    const deleted = await server.client.ask(`/${gone.id}/delete`, { method: 'POST', headers })
    expect([deleted.status, deleted.headers.location]).toEqual([303, '../'])
    expect((await page(`/${gone.id}`, headers)).status).toBe(404)
  })

  it.each([
    ['another type', { 'Content-Type': 'text/plain' }, 'id=1', 415],
    ['a form of 5000 bytes', FORM, 'x'.repeat(5000), 413],
  ])('takes no form of %s', async (_, headers, body, status) => {
    expect((await server.client.ask('/open', { method: 'POST', headers, body })).status).toBe(status)
  })
})

describe('what a stranger wrote', () => {
  const EVIL = `<img src=x onerror=alert(1)></script><script>alert(1)</script>"'&\u202egnp.\u0007\u001b[2J`

  it('is text in every page, and its marks of direction are seen', async () => {
    const evil = await createTask(server)
    await endOf(server, evil)
    const variable = { name: EVIL, type: EVIL, value: EVIL, state: 'whole', kind: 'other' }
    const frame = {
      level: 0,
      kind: 'constructor',
      role: '__proto__',
      address: EVIL,
      function: EVIL,
      file: EVIL,
      line: 1,
      source_url: 'javascript:alert(1)',
      arguments: [variable],
      locals: [variable, { ...variable, state: 'unavailable' }],
      path: `/${EVIL}`,
      trust: 'guessed',
    }
    const json = {
      sentence: EVIL,
      threads: [
        { number: 1, lwp: 1, frames: [frame], stopped: EVIL, lost: [{ part: 'values', cause: 'ended', why: EVIL }] },
        { number: 2, lwp: 2, frames: [frame] },
      ],
      languages: [{
        implementation: EVIL,
        missing: EVIL,
        stacks: [{ crashed: true, frames: [{ function: EVIL, file: EVIL, arguments: [{ name: EVIL, value: EVIL }] }] }],
      }],
      registers: { [EVIL]: EVIL },
      instructions: [`=> ${EVIL}`],
      messages: { abort: EVIL, exception: { type: EVIL, what: EVIL } },
      modules: [{ path: EVIL, status: 'toString', package: EVIL, build_id: EVIL, tried: [EVIL] }],
      limits: [EVIL],
      core: { command_line: EVIL },
      signal: { name: EVIL },
    }
    mkdirSync(server.spool(evil.id), { recursive: true })
    writeFileSync(server.spool(evil.id, 'backtrace.json'), JSON.stringify(json))
    const outcome = {
      code: 'ok',
      summary: EVIL,
      next_step: EVIL,
      crash: { sentence: EVIL, duphash: EVIL, signature: EVIL, rating: 1, update: EVIL },
    }
    writeFileSync(server.spool(evil.id, 'outcome.json'), JSON.stringify(outcome))
    const cookie = await cookieOf(evil)
    const { text } = await page(`/${evil.id}`, cookie)
    const [, range = ''] = /thread=([0-9]+-[0-9]+)/.exec(text) ?? []
    const thread = await page(`/${evil.id}?thread=${range}`, cookie)
    for (const shown of [text, thread.text]) {
      expect(shown).toContain('&lt;img src=x onerror=alert(1)&gt;')
      expect(shown).toContain('\\u202egnp.\\x07\\x1b[2J')
      expect(['<img', '<script>', 'javascript:', '\u202e', '\u0007', '\u001b'].filter((each) => shown.includes(each)))
        .toEqual([])
      expect(shown).not.toMatch(/<span class="tag[^"]*"><\/span>/)
    }
    expect(text).toContain('>toString<')
  })
})

describe('style and scripts', () => {
  it('are 60 KB at most with the page of a task, compressed', async () => {
    const { text } = await page(`/${task.id}`, { ...await cookieOf(task), 'Accept-Encoding': 'gzip' })
      .then(({ body }) => ({ text: gunzipSync(body).toString() }))
    let bytes = 0
    for (const [, address = ''] of text.matchAll(/(?:href|src)="\.\/(assets\/[^"]+)"/g)) {
      bytes += (await server.client.ask(`/${address}`, { headers: { 'Accept-Encoding': 'gzip' } })).body.length
    }
    expect(bytes).toBeGreaterThan(3000)
    expect(bytes).toBeLessThan(60_000)
  })

  it('are named by a page with their hash, and may be kept for ever under it', async () => {
    const { text } = await page('/')
    const addresses = [...text.matchAll(/(?:href|src)="\.\/(assets\/[^"]+)"/g)].map(([, address = '']) => address)
    expect(addresses.length).toBeGreaterThanOrEqual(3)
    for (const address of addresses) {
      const reply = await server.client.ask(`/${address}`, { headers: { 'Accept-Encoding': 'gzip' } })
      expect([address, reply.status, reply.headers['cache-control']]).toEqual([
        address,
        200,
        'public, max-age=31536000, immutable',
      ])
      for (const tag of [String(reply.headers.etag), `"x", ${reply.headers.etag}`, '*']) {
        const again = await server.client.ask(`/${address}`, {
          headers: { 'If-None-Match': tag, 'Accept-Encoding': 'gzip' },
        })
        expect([tag, again.status]).toEqual([tag, 304])
      }
    }
    expect((await server.client.ask('/assets/pages.css')).headers['cache-control']).toBe('no-cache')
    expect((await server.client.ask('/assets/nothing.js')).status).toBe(404)
  })
})
