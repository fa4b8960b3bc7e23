/** `retrace` and servers that lie, break off, never end, or are older than it. */
import { Buffer } from 'node:buffer'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readCore } from '../../../src/elf/core.ts'
import { fileSource } from '../../../src/elf/source.ts'
import { crash, crashPython } from '../../helpers/cores.ts'
import { type Folder, temporaryFolder } from '../../helpers/folder.ts'
import { retrace } from '../../helpers/retrace_client.ts'

let folder: Folder
let core: string
let secretive: string

beforeAll(async () => {
  folder = await temporaryFolder()
  core = crashPython(folder.path)
  secretive = crash(folder.path, '/usr/bin/python3.11', ['-c', 'import ctypes; ctypes.string_at(0)'], {
    environment: { TOKEN_OF_TEST: 'secret of the environment' },
  })
})

afterAll(async () => await folder[Symbol.asyncDispose]())

type Handler = (request: IncomingMessage, response: ServerResponse) => void

/** What `retrace --yes` does with a server of this kind; `posted`: content types of what it sent. */
async function against(
  handler: Handler,
  more: string[] = [],
  { settings = JSON.stringify({ slim_cores: true }) }: { settings?: string } = {},
) {
  const posted: string[] = []
  const server = createServer((request, response) => {
    if (request.method === 'POST') posted.push(request.headers['content-type'] ?? '')
    request.on('error', () => undefined)
    response.on('error', () => undefined)
    request.resume().on('end', () => {
      if (request.url !== '/settings' || settings === '') return handler(request, response)
      response.writeHead(200, { 'Content-Type': 'application/json' }).end(settings)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  try {
    const ran = await retrace(folder.path, ['--server', url, '--yes', '--quiet', ...more, core])
    return { ...ran, posted }
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

const TASK = { 'X-Task-Id': '7', 'X-Task-Password': 'secret' }
const ESCAPES = '\u001b]0;title\u0007\u001b[31m\u202e\u009b2J'

/** A server that takes everything, and answers this for the backtrace. */
function answering(type: string, body: string): Handler {
  return ({ url, method }, response) => {
    if (method === 'POST') {
      response.writeHead(201, TASK).end('X-Task-Status: PENDING\nX-Task-Status: FINISHED_SUCCESS\n')
    } else if (url === '/7/backtrace') response.writeHead(200, { 'Content-Type': type }).end(body)
    else response.writeHead(404, { 'Content-Type': 'text/plain' }).end('no\n')
  }
}

describe('a server that lies', () => {
  it('shows no escape sequence of it, in text, JSON or a refusal', async () => {
    const report = JSON.stringify({
      sentence: ESCAPES,
      threads: [{
        number: 1,
        crashed: true,
        frames: [{ function: ESCAPES, file: ESCAPES, line: 3, arguments: [{ name: ESCAPES, value: ESCAPES }] }],
      }],
      outcome: { summary: ESCAPES, next_step: ESCAPES },
    })
    const ran = [
      await against(answering('text/plain', `${ESCAPES}\n#0 main\n`)),
      await against(answering('application/json', report)),
      await against(answering('application/json', report), ['--json']),
      await against(answering('text/markdown', ESCAPES), ['--markdown']),
      await against((_, response) => response.writeHead(400).end(ESCAPES)),
    ]
    for (const { stdout, stderr } of ran) {
      expect(['\u001b', '\u0007', '\u202e', '\u009b'].filter((each) => (stdout + stderr).includes(each))).toEqual([])
    }
    expect(ran.map(({ code }) => code)).toEqual([0, 0, 0, 0, 1])
    expect(ran[1]?.stdout).toContain('\\x1b[31m')
    expect(JSON.parse(ran[2]?.stdout ?? '').sentence).toBe(ESCAPES)
  }, 60_000)

  it('ends with a sentence where its answer is none', async () => {
    const handlers: Handler[] = [
      (_, response) => response.destroy(),
      (_, response) => response.writeHead(201).end(),
      (_, response) => response.writeHead(201, { 'X-Task-Id': '../1', 'X-Task-Password': 'x' }).end(),
      ({ method }, response) =>
        method === 'POST' ? response.writeHead(500).end('x'.repeat(100_000)) : response.writeHead(404).end(),
      ({ method, url }, response) => {
        if (method === 'POST') response.writeHead(201, TASK).end('X-Task-Status: FINISHED_SUCCESS\n')
        else if (url === '/7/backtrace') {
          response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': '1000' })
          response.write('half', () => response.destroy())
        } else response.writeHead(404).end()
      },
      answering('application/json', '{"threads": 7}'),
    ]
    for (const [index, handler] of handlers.entries()) {
      const { code, stderr } = await against(handler)
      expect([index, code]).toEqual([index, index === 5 ? 0 : 1])
      expect(stderr.length).toBeLessThan(2000)
      if (index < 5) expect(stderr).toMatch(/^retrace: /m)
    }
  }, 60_000)

  it.each([[500, 1], [201, 0]])('reads no endless answer to its end, though it is a %s', async (status, expected) => {
    const { code, stderr } = await against((request, response) => {
      if (request.url === '/7') return void response.writeHead(200, { 'X-Task-Status': 'FINISHED_SUCCESS' }).end('x\n')
      if (request.method !== 'POST') return answering('text/plain', '#0 main\n')(request, response)
      response.writeHead(status, TASK)
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
        if (!response.destroyed) response.once('drain', more)
      }
      more()
    })
    expect(code).toBe(expected)
    expect(stderr.length).toBeLessThan(2000)
  }, 60_000)

  it('waits for a full server as long as that says, and sends again', async () => {
    let refused = 0
    const handler: Handler = (request, response) => {
      if (request.method !== 'POST' || refused++ > 0) return answering('text/plain', '#0 main\n')(request, response)
      response.writeHead(503, { 'Retry-After': '2' }).end('Full.\n')
    }
    expect(await against(handler)).toMatchObject({ code: 0, posted: [expect.anything(), expect.anything()] })
  }, 60_000)
})

describe('a server that asks for more of the core', () => {
  /** What `retrace` sends to one that asks for all of its memory, again and again. `wanted`: a number is the status of an answer. */
  async function sentTo(
    more: string[],
    until: number,
    wanted: (round: number) => unknown,
    taken: (response: ServerResponse) => unknown = (response) => response.writeHead(202).end(),
  ) {
    const bodies: number[] = []
    const different = new Set<string>()
    let [asked, waits, secrets] = [0, 0, 0]
    const server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
        const body = Buffer.concat(chunks)
        if (request.url === '/settings') {
          response.writeHead(200, { 'Content-Type': 'application/json' })
          return response.end(JSON.stringify({ slim_cores: true, kept_back: true, more_memory: { max_rounds: 99 } }))
        }
        if (request.url === '/create') return response.writeHead(201, TASK).end()
        if (request.url === '/7/memory') {
          bodies.push(body.length)
          different.add(body.toString('latin1'))
          if (body.includes('TOKEN_OF_TEST=secret')) secrets++
          return taken(response)
        }
        if (request.headers.accept !== 'application/json') {
          // What waits for the end asks so, every 3 s: once more after all has come.
          const state = bodies.length >= until && waits++ > 0 ? 'FINISHED_FAILURE' : 'PENDING'
          return response.writeHead(200, { 'X-Task-Status': state }).end('x\n')
        }
        const said = wanted(++asked)
        if (typeof said === 'number') return response.writeHead(said).end('a proxy\n')
        response.writeHead(200).end(JSON.stringify({ state: 'PENDING', wanted: said }))
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    try {
      const { stderr } = await retrace(folder.path, ['--server', url, '--yes', '--budget', '0', ...more, secretive])
      return { bodies, different: different.size, secrets, stderr }
    } finally {
      server.closeAllConnections()
      server.close()
    }
  }

  /** All memory that a Linux process can have, in pieces. */
  const ALL = Array.from(
    { length: 500 },
    (_, at) => ({ start: `0x${(0x7f0000000000 + at * 2 ** 30).toString(16)}`, length: 2 ** 20 }),
  )

  it(
    'gets 1 MiB as often as the person agreed to, none of the environment, and nothing where no value is sent',
    async () => {
      using source = fileSource(secretive)
      // The stack's mapping ends with the environment.
      const stack = readCore(source).segments.filter(({ flags, dumped }) => (flags & 2) !== 0 && dumped > 100_000n).at(
        -1,
      )
      const start = (stack?.start ?? 0n) + (stack?.memorySize ?? 0n) - 2n ** 17n
      const ranges = [...ALL, { start: `0x${start.toString(16)}`, length: 2 ** 17 }]
      const [three, one, none, masked] = await Promise.all([
        sentTo([], 3, (round) => ({ round, ranges })),
        sentTo(['--rounds', '1'], 1, (round) => ({ round: round * 1000, ranges: ranges.slice(-1) })),
        sentTo(['--rounds', '0'], 0, (round) => ({ round, ranges })),
        sentTo(['--no-values'], 0, (round) => ({ round, ranges })),
      ])
      expect([three, one, none, masked].map(({ bodies }) => bodies.length)).toEqual([3, 1, 0, 0])
      expect(Math.min(...three.bodies, ...one.bodies)).toBeGreaterThan(1000)
      expect(Math.max(...three.bodies)).toBeLessThan(2 ** 20 + 20_000)
      expect([three, one].map(({ secrets }) => secrets)).toEqual([0, 0])
      expect(one.stderr).toContain('; at most 1 MB more, if the debugger misses some')
      expect(none.stderr).not.toContain('more, if the debugger')
    },
    60_000,
  )

  it('gets what it asks for also where a proxy before it answered in its place for a while', async () => {
    const proxy = [502, 503, 429, 504]
    const { bodies } = await sentTo(['--rounds', '1'], 1, (asked) => proxy[asked - 1] ?? { round: 1, ranges: ALL })
    expect(bodies).toHaveLength(1)
  }, 60_000)

  it('gets the same once more, and nothing else, where it breaks off or says that it has none of it', async () => {
    // Other ranges each time it asks.
    const wanted = (asked: number) => ({ round: 1, ranges: ALL.slice(asked * 40) })
    const handlers: [string, number, (response: ServerResponse) => unknown][] = [
      ['breaks off', 2, (response) => response.destroy()],
      ['is busy', 2, (response) => response.writeHead(409).end('no\n')],
      ['is full', 2, (response) => response.writeHead(507).end('full\n')],
      ['refuses', 1, (response) => response.writeHead(400).end('bad\n')],
    ]
    const ran = await Promise.all(handlers.map(([, until, taken]) => sentTo(['--rounds', '1'], until, wanted, taken)))
    expect(ran.map(({ bodies, different }, at) => [handlers[at]?.[0], different, bodies.length >= 2])).toEqual([
      ['breaks off', 1, true],
      ['is busy', 1, true],
      ['is full', 1, true],
      ['refuses', 1, false],
    ])
    expect(ran.at(-1)?.stderr).toContain('No more of the core is sent: ')
  }, 60_000)
})

describe('an older server', () => {
  it('gets what the design names, and its text is shown', async () => {
    const old = { settings: '' }
    const handler = answering('text/plain', 'Thread 1 (LWP 7):\n#0  main ()\n')
    const ran = await against(handler, ['--full-core'], old)
    expect(ran).toMatchObject({ code: 0, stdout: 'Thread 1 (LWP 7):\n#0  main ()\n', posted: ['application/x-xz'] })
    expect(ran.stderr).toContain('The server is an older one: it takes whole cores only')
    // Nobody has agreed to send all of the memory.
    const asked = await against(handler, [], old)
    expect(asked).toMatchObject({ code: 1, posted: [], stderr: expect.stringContaining('say --full-core to do that') })
    expect(await against(answering('text/plain', '#0'), ['--json', '--full-core'], old)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('older one'),
    })
  }, 60_000)

  it.each([200, 502])('is asked for the state where its body breaks off, also where %s comes first', async (first) => {
    let asked = 0
    const ran = await against(({ method, url }, response) => {
      if (method === 'POST') {
        response.writeHead(201, TASK)
        response.write('X-Task-Status: PENDING\n', () => response.destroy())
      } else if (url === '/7') {
        const isFirst = asked++ === 0
        const state = { 'X-Task-Status': isFirst ? 'PENDING' : 'FINISHED_FAILURE' }
        const isProxy = isFirst && first !== 200
        response.writeHead(isFirst ? first : 200, isProxy ? { 'Retry-After': '1' } : state).end('It failed.\n')
      } else response.writeHead(404).end('none\n')
    })
    expect(ran).toMatchObject({ code: 1, stdout: 'It failed.\n' })
  }, 60_000)
})
