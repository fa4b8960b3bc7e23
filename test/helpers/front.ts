/**
 * The real nginx, Apache and Caddy in front of a server, each with our sample of `ops`: out of Debian's packages, unpacked
 * and not installed, since that would start them.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { env, getuid } from 'node:process'
import { installationRoot } from '../../src/program/program.ts'
import { selfSigned } from './certificates.ts'
import type { Folder } from './folder.ts'
import { freePort } from './free_port.ts'

export const FRONTS = ['nginx', 'apache', 'caddy'] as const
export type FrontName = (typeof FRONTS)[number]

export interface Front extends AsyncDisposable {
  port: number
  /** The certificate that clients must know. */
  ca: string
  /** What the program has said. */
  log(): string
}

/** What Apache's sample needs beyond the modules that it names itself: those that Debian always enables. */
const APACHE_MODULES = [
  ...['mpm_event', 'authz_core', 'env', 'headers', 'http2', 'proxy', 'proxy_http', 'reqtimeout', 'setenvif'],
  ...['socache_shmcb', 'ssl', 'filter', 'deflate'],
]

/** Fetches the three programs through this machine's apt into the folder. Throws what apt says. */
export function fetchFronts(folder: Folder): void {
  // apt downloads as a user of its own, which must be able to write there.
  chmodSync(folder.path, 0o777)
  const packages = ['nginx', 'apache2-bin', 'libapr1', 'libaprutil1', 'caddy']
  execFileSync('apt-get', ['download', '-qq', ...packages], { cwd: folder.path, stdio: 'pipe', timeout: 180_000 })
  for (const deb of readdirSync(folder.path).filter((name) => name.endsWith('.deb'))) {
    execFileSync('dpkg-deb', ['-x', folder.file(deb), folder.file('root')], { timeout: 60_000 })
  }
}

/** Starts one of them before the plain server on `port`. `programs` is where fetchFronts() put them. */
export async function startFront(name: FrontName, programs: Folder, folder: Folder, port: number): Promise<Front> {
  const own = await freePort()
  const { cert, key, text: ca } = selfSigned(folder.path, `${name}-`)
  const sample = readFileSync(join(installationRoot(), 'ops', name, SAMPLES[name]), 'utf8')
    .replaceAll('127.0.0.1:8080', `127.0.0.1:${port}`)
    .replaceAll('/etc/ssl/certs/retrace.example.org.pem', cert)
    .replaceAll('/etc/ssl/private/retrace.example.org.key', key)
  mkdirSync(folder.file(name), { recursive: true })
  const file = folder.file(name, 'conf')
  writeFileSync(file, COMPLETE[name](sample, own, folder.file(name), programs))
  const [program = '', ...args] = COMMANDS[name](programs, file)
  const child = spawn(program, args, {
    env: { PATH: env.PATH, HOME: folder.file(name), LD_LIBRARY_PATH: programs.file('root/usr/lib/x86_64-linux-gnu') },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  let said = ''
  const log = () => said + (existsSync(folder.file(name, 'log')) ? readFileSync(folder.file(name, 'log'), 'utf8') : '')
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => said += text)
  await answers(child, own, log)
  return {
    port: own,
    ca,
    log,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) {
        const exited = once(child, 'exit')
        process.kill(-(child.pid ?? 0), 'SIGKILL')
        await exited
      }
    },
  }
}

const SAMPLES = { nginx: 'abrt-retrace.conf', apache: 'abrt-retrace.conf', caddy: 'Caddyfile' }

/** The sample in a whole configuration of a program that runs in the foreground, on its own port and out of one folder. */
const COMPLETE: Record<FrontName, (sample: string, port: number, folder: string, programs: Folder) => string> = {
  nginx: (sample, port, folder) =>
    [
      `${getuid?.() === 0 ? 'user root;' : ''} daemon off; pid ${folder}/pid; error_log stderr; worker_processes 1;`,
      'events {}',
      'http {',
      'access_log off;',
      ...['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((each) => `${each}_temp_path ${folder}/${each};`),
      sample.replace('listen 443 ssl', `listen 127.0.0.1:${port} ssl`),
      '}',
    ].join('\n'),
  apache: (sample, port, folder, programs) =>
    [
      `ServerRoot ${folder}`,
      `PidFile ${folder}/pid`,
      `DefaultRuntimeDir ${folder}`,
      `Mutex file:${folder}`,
      'ServerName localhost',
      `ErrorLog ${folder}/log`,
      `Listen 127.0.0.1:${port}`,
      ...APACHE_MODULES.map((each) =>
        `LoadModule ${each}_module ${programs.file('root/usr/lib/apache2/modules', `mod_${each}.so`)}`
      ),
      // As Debian's own module is set up: the sample has to keep it from what the server sends.
      'AddOutputFilterByType DEFLATE text/plain text/html application/json',
      ...(getuid?.() === 0 ? ['User www-data', 'Group www-data'] : []),
      sample.replace('*:443', `*:${port}`),
    ].join('\n'),
  caddy: (sample, port, folder) =>
    [
      `{\nadmin off\nauto_https disable_redirects\nstorage file_system ${folder}/storage\n}`,
      sample.replace('retrace.example.org {', `https://localhost:${port}, https://127.0.0.1:${port} {`),
    ].join('\n'),
}

const COMMANDS: Record<FrontName, (programs: Folder, file: string) => string[]> = {
  nginx: (programs, file) => [programs.file('root/usr/sbin/nginx'), '-e', 'stderr', '-c', file],
  apache: (programs, file) => [programs.file('root/usr/sbin/apache2'), '-D', 'FOREGROUND', '-f', file],
  caddy: (programs, file) => [programs.file('root/usr/bin/caddy'), 'run', '--adapter', 'caddyfile', '--config', file],
}

/** Waits until somebody listens on the port. Throws with what the program said when it ends before. */
async function answers(child: ChildProcess, port: number, said: () => string): Promise<void> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline && child.exitCode === null;) {
    const socket = connect({ host: '127.0.0.1', port })
    const isThere = await new Promise((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    })
    socket.destroy()
    if (isThere) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`It does not listen. It said:\n${said()}`)
}
