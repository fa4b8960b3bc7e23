/** `abrt-retrace-server --init` in a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { env } from 'node:process'
import { installationRoot } from '../../src/program/program.ts'

const PROGRAM = join(installationRoot(), 'ops/bin/abrt-retrace-server')

export interface InitEnd {
  status: number | null
  signal: string | null
  stdout: string
  stderr: string
}

function settings(root: string): Record<string, string> {
  return {
    PATH: env.PATH ?? '',
    RETRACE_PORT: '0',
    RETRACE_SPOOL_DIR: join(root, 'data', 'spool'),
    RETRACE_DATABASE: join(root, 'data', 'retrace.db'),
    RETRACE_REPO_DIR: join(root, 'cache', 'own', 'repo'),
    RETRACE_ENGINE_DIR: join(root, 'engines'),
    RETRACE_REPOS_D: join(root, 'etc', 'repos.d'),
  }
}

/**
 * Under an umask that keeps others out: what they may read is said, never inherited. `more`: further settings, and what else is to be in
 * its environment. `as`: words that run what follows them.
 */
export function init(
  root: string,
  more: Record<string, string>,
  as: readonly string[] = [],
): Promise<InitEnd> & { child: ChildProcess } {
  const words = ['-c', 'umask 077; exec "$@" --init', 'sh', ...as, PROGRAM]
  const child = spawn('sh', words, {
    env: { ...settings(root), ...more },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 120_000,
    killSignal: 'SIGKILL',
  })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => stdout += text)
  child.stderr.setEncoding('utf8').on('data', (text: string) => stderr += text)
  const ended = once(child, 'close').then(([status, signal]) => ({ status, signal, stdout, stderr }))
  return Object.assign(ended, { child })
}

/** All that is there, with modes and owners, and what is in it but for what is made by chance. */
export function listing(root: string): string[] {
  return readdirSync(root, { recursive: true }).map(String).sort().map((name) => {
    const { mode, uid, gid } = lstatSync(join(root, name))
    const text = /server\.(key|crt)$/.test(name) || (mode & 0o170000) !== 0o100000
      ? ''
      : readFileSync(join(root, name), 'utf8').replaceAll(root, 'ROOT')
    return `${name} ${mode.toString(8)} ${uid}:${gid} ${text}`
  })
}

export function isPair(etc: string): boolean {
  const key = createPrivateKey(readFileSync(join(etc, 'server.key')))
  return new X509Certificate(readFileSync(join(etc, 'server.crt'))).checkPrivateKey(key)
}
