/**
 * A whole server over real TLS for tests, with its own spool, repository, database and self-signed certificate in a
 * temporary folder and a free port: in the test's own process from the sources, or the built program in a child.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { env } from 'node:process'
import { type Config, readConfig } from '../../src/config/config.ts'
import { PROGRAMS } from '../../src/config/settings.ts'
import { installationRoot } from '../../src/program/program.ts'
import type { Threads } from '../../src/program/runtime.ts'
import { type Program, startProgram } from '../../src/start.ts'
import { selfSigned } from './certificates.ts'
import { type Client, createClient } from './client.ts'
import { type Folder, temporaryFolder } from './folder.ts'

export interface ServerOptions {
  /** RETRACE_* beyond the ones below. */
  settings?: Record<string, string>
  /** Plain HTTP, as behind a proxy. */
  plain?: boolean
  /** Another worker than the real one: a program and its first arguments. */
  workerCommand?: readonly string[]
  /** The server's further threads; by default there is none. */
  threads?: Threads
  /** MiB of memory that there seem to be; by default plenty, since how many tasks run would depend on the machine. */
  availableMb?: () => number
  /** A folder of an earlier server: its spool, database and certificate. The caller deletes it. */
  folder?: Folder
}

/** More than many tasks may have, less than RETRACE_TASK_MEMORY_MB can be. */
const PLENTY_MB = 100_000

export interface TestServer extends AsyncDisposable {
  readonly url: string
  readonly port: number
  readonly config: Config
  readonly folder: Folder
  readonly client: Client
  /** The certificate, for clients of a test's own. */
  readonly ca: string
  /** Names in the spool directory. */
  spool(...names: string[]): string
}

/** Runs the server from the sources in this process: quick, and its services can be looked at. */
export async function startServer(options: ServerOptions = {}): Promise<TestServer & { program: Program }> {
  const prepared = await prepare(options)
  const forget = async () => options.folder === undefined && await prepared.folder[Symbol.asyncDispose]()
  const workerCommand = options.workerCommand ?? [join(installationRoot(), 'ops', 'bin', 'abrt-retrace-worker')]
  const program = await startProgram(prepared.config, {
    workerCommand,
    threads: options.threads,
    availableMb: options.availableMb ?? (() => PLENTY_MB),
  }).catch(async (cause) => {
    await forget()
    throw cause
  })
  return {
    ...finish(prepared, program),
    program,
    async [Symbol.asyncDispose]() {
      await prepared.client.close()
      await program.stop()
      await forget()
    },
  }
}

export interface ServerChild extends TestServer {
  readonly child: ChildProcess
  /** What it has logged so far. */
  log(): string
  /** Sends a signal and resolves to the exit code, or to the signal that ended it. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<number | string>
}

/** Runs the program of ops/bin, which `ops/lib/build` must have built, and waits for `listening on`. */
export async function startServerChild(options: ServerOptions = {}): Promise<ServerChild> {
  const prepared = await prepare(options)
  const [program = '', ...args] = options.workerCommand === undefined
    ? [join(installationRoot(), 'ops', 'bin', 'abrt-retrace-server')]
    : ['node', join(installationRoot(), 'dist', 'test', 'helpers', 'scripted_server.js'), ...options.workerCommand]
  const child = spawn(program, args, {
    env: { PATH: env.PATH, HOME: env.HOME, ...prepared.settings },
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  })
  let text = ''
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => text += chunk)
  const exited = once(child, 'exit') as Promise<[number | null, string | null]>
  const end = async (signal: 'SIGTERM' | 'SIGKILL') => {
    child.kill(signal)
    const [code, killedBy] = await exited
    return code ?? killedBy ?? -1
  }
  const url = await listeningUrl(child, () => text)
  return {
    ...finish(prepared, { url, port: Number(new URL(url).port) }),
    child,
    log: () => text,
    end,
    async [Symbol.asyncDispose]() {
      await prepared.client.close()
      if (child.exitCode === null && child.signalCode === null) await end('SIGKILL')
      if (options.folder === undefined) await prepared.folder[Symbol.asyncDispose]()
    },
  }
}

/** Resolves to the address in the log line `listening on URL`. Throws with the log when the program ends before. */
async function listeningUrl(child: ChildProcess, log: () => string): Promise<string> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline;) {
    const url = /listening on (\S+)/.exec(log())?.[1]
    if (url !== undefined) return url
    if (child.exitCode !== null) break
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  child.kill('SIGKILL')
  throw new Error(`The server does not listen. Its log:\n${log()}`)
}

interface Prepared {
  folder: Folder
  config: Config
  settings: Record<string, string>
  ca: string
  client: Client
}

async function prepare({ settings, plain, folder: given }: ServerOptions): Promise<Prepared> {
  const folder = given ?? await temporaryFolder()
  const { settings: usual, ca } = serverSettings(folder)
  const all = { ...usual, ...(plain && { RETRACE_TLS_CERT: '', RETRACE_TLS_KEY: '' }), ...settings }
  return { folder, config: readConfig(PROGRAMS, all), settings: all, ca, client: createClient({ ca }) }
}

/** The settings of a server whose files are all in a folder, and its certificate's text; makes what has to be there. */
export function serverSettings(folder: Folder): { settings: Record<string, string>; ca: string } {
  for (const name of ['repo', 'repos.d']) mkdirSync(folder.file(name), { recursive: true })
  const { cert, key, text } = selfSigned(folder.path)
  const settings = {
    RETRACE_HOST: '127.0.0.1',
    RETRACE_PORT: '0',
    RETRACE_SPOOL_DIR: folder.file('spool'),
    RETRACE_REPO_DIR: folder.file('repo'),
    RETRACE_REPOS_D: folder.file('repos.d'),
    RETRACE_DATABASE: folder.file('database', 'retrace.db'),
    RETRACE_MIN_FREE_MB: '0',
    RETRACE_TLS_CERT: cert,
    RETRACE_TLS_KEY: key,
  }
  return { settings, ca: text }
}

function finish({ folder, config, ca, client }: Prepared, { url, port }: { url: string; port: number }) {
  client.base = url
  return {
    url,
    port,
    config,
    folder,
    ca,
    client,
    spool: (...names: string[]) => join(config.spoolDir, ...names),
  }
}
