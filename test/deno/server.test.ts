/**
 * The server under Deno: it starts with the better-sqlite3 that deno.json maps, speaks TLS, takes an upload, and starts
 * its worker under Deno, too: the `node` that they find is none. Everything else is tested under Node.
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execPath, kill } from 'node:process'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'retrace-deno-'))
let server: ReturnType<typeof spawn>
let url = ''

before(async () => {
  mkdirSync(join(folder, 'bin'))
  mkdirSync(join(folder, 'repos.d'))
  writeFileSync(join(folder, 'bin', 'node'), '#!/bin/sh\necho this is not Node >&2; exit 97\n', { mode: 0o755 })
  spawnSync('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost'],
    ...['-addext', 'subjectAltName=DNS:localhost', '-keyout', join(folder, 'key'), '-out', join(folder, 'crt')],
  ])
  server = spawn(execPath, ['run', '-A', 'src/main.ts'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      RETRACE_HOST: '127.0.0.1',
      RETRACE_PORT: '0',
      RETRACE_TLS_CERT: join(folder, 'crt'),
      RETRACE_TLS_KEY: join(folder, 'key'),
      RETRACE_SPOOL_DIR: join(folder, 'spool'),
      RETRACE_REPO_DIR: join(folder, 'repo'),
      RETRACE_REPOS_D: join(folder, 'repos.d'),
      RETRACE_DATABASE: join(folder, 'retrace.db'),
      RETRACE_MIN_FREE_MB: '16',
      PATH: `${join(folder, 'bin')}:/usr/local/bin:/usr/bin:/bin`,
      HOME: folder,
      DENO_DIR: denoCache(),
    },
  })
  url = await listening()
})

/** The address that the server says it listens on; its log is read to its end, so that it never waits for us. */
function listening(): Promise<string> {
  let said = ''
  return new Promise((resolve, reject) => {
    server.stderr?.on('data', (chunk) => {
      said += chunk
      const port = /listening on https:\/\/\S+:(\d+)/.exec(said)?.[1]
      if (port !== undefined) resolve(`https://localhost:${port}`)
    })
    server.once('exit', () => reject(new Error(`The server did not start: ${said}`)))
  })
}

after(async () => {
  if (server.pid !== undefined && server.exitCode === null) {
    kill(server.pid, 'SIGTERM')
    await once(server, 'exit')
  }
  rmSync(folder, { recursive: true })
})

/** Where Deno keeps what it has downloaded, so that the server does not fetch it again. */
function denoCache(): string {
  return JSON.parse(spawnSync(execPath, ['info', '--json'], { encoding: 'utf8' }).stdout).denoDir
}

interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
}

function ask(path: string, options: { method?: string; headers?: Record<string, string>; body?: Uint8Array } = {}) {
  const { body, ...rest } = options
  return new Promise<Answer>((resolve, reject) => {
    const sent = request(new URL(path, url), { ...rest, ca: readFileSync(join(folder, 'crt')) }, async (response) => {
      let text = ''
      for await (const chunk of response) text += chunk
      resolve({ status: response.statusCode ?? 0, headers: response.headers, text })
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

test('the server answers GET / under Deno', async () => {
  const answer = await ask('/')
  assert.equal(answer.status, 200)
  assert.match(answer.text, /core/)
})

test('the server reads its database under Deno: settings for the ABRT client', async () => {
  const answer = await ask('/settings')
  assert.equal(answer.status, 200)
  assert.match(answer.text, /^max_packed_size 50$/m)
})

test('the server takes an upload under Deno, and a core that is none ends as the failure of its task', async () => {
  const archive = spawnSync('sh', [
    '-c',
    'cd "$1" && echo no core >coredump && echo x86_64 >architecture && echo debian-12 >release && : >packages &&' +
    ' tar -c coredump architecture release packages | xz -2',
    'sh',
    folder,
  ])
  const headers = { 'Content-Type': 'application/x-xz', 'Content-Length': String(archive.stdout.length) }
  const answer = await ask('/create', { method: 'POST', headers, body: archive.stdout })
  assert.equal(answer.status, 201)
  assert.match(answer.text, /^X-Task-Status: PENDING$/m)
  assert.match(answer.text, /^report: core-not-elf/m)
  assert.match(answer.text, /^X-Task-Status: FINISHED_FAILURE$/m)
  const secret = { 'X-Task-Password': String(answer.headers['x-task-password']) }
  const status = await ask(`/${answer.headers['x-task-id']}`, { headers: secret })
  assert.equal(status.headers['x-task-status'], 'FINISHED_FAILURE')
  const refused = await ask(`/${answer.headers['x-task-id']}`, { headers: { 'X-Task-Password': 'wrong' } })
  assert.equal(refused.status, 403)
})

test('the worker finds threads, modules and a debugger under Deno', async () => {
  const core = readFileSync(join(root, 'test/fixtures/cores/amd64/core.xz'))
  const headers = {
    'Content-Type': 'application/x-core',
    'Content-Encoding': 'xz',
    'Content-Length': String(core.length),
  }
  const answer = await ask('/create', { method: 'POST', headers, body: core })
  assert.equal(answer.status, 201)
  assert.match(answer.text, /^read: core of .* \(amd64\)/m)
  assert.match(answer.text, /^debug: gdb-multiarch showed \d+ frames/m)
  assert.doesNotMatch(answer.text, /not Node|deno|warning/i)
})
