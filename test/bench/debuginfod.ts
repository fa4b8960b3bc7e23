/**
 * A peer of the bench: Debian's debuginfod over the packages that a program needs, unpacked into a folder of its own beside the cores
 * (prepare.ts) and not installed. It is asked by gdb, which has nothing else: no program, no library of this machine.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { env, stderr } from 'node:process'
import { freePort } from '../helpers/free_port.ts'

/** What is not in a Debian that has gdb. */
const PACKAGES = ['debuginfod', 'libmicrohttpd12']
const SCAN_MS = 600_000

export interface Debuginfod extends AsyncDisposable {
  readonly url: string
}

/** Serves the packages in a folder, once it has read all of them; undefined where it cannot be had, and standard error says why. */
export async function serveDebuginfo(debs: string, database: string): Promise<Debuginfod | undefined> {
  const root = unpacked()
  if (root === undefined) return undefined
  const port = await freePort()
  // Its own way (-U) is bsdtar, without which it knows no package and says so in its log alone.
  const words = ['-d', database, '-p', String(port), '-Z', '.deb=dpkg-deb --fsys-tarfile', '-t', '0', debs]
  const child = spawn(join(root, 'usr/bin/debuginfod'), words, {
    stdio: 'ignore',
    env: {
      ...env,
      LD_LIBRARY_PATH: join(root, 'usr/lib', execFileSync('gcc', ['-print-multiarch'], { encoding: 'utf8' }).trim()),
    },
  })
  const url = `http://127.0.0.1:${port}`
  const server = { url, [Symbol.asyncDispose]: () => ended(child) }
  if (await hasScanned(url, readdirSync(debs).length, child)) return server
  await server[Symbol.asyncDispose]()
  return lacking(`it did not read ${debs} in ${SCAN_MS / 1000} s`)
}

function unpacked(): string | undefined {
  const place = join(homedir(), '.cache', 'abrt-retrace-bench', 'debuginfod')
  if (existsSync(place)) return place
  try {
    mkdirSync(`${place}.new`, { recursive: true })
    execFileSync('apt-get', ['download', ...PACKAGES], { cwd: `${place}.new`, stdio: 'ignore', timeout: 120_000 })
    for (const file of readdirSync(`${place}.new`).filter((name) => name.endsWith('.deb'))) {
      execFileSync('dpkg-deb', ['-x', file, '.'], { cwd: `${place}.new`, timeout: 60_000 })
    }
    renameSync(`${place}.new`, place)
    return place
  } catch (error) {
    rmSync(`${place}.new`, { recursive: true, force: true })
    return lacking(error instanceof Error ? error.message : String(error))
  }
}

/** By its own count of archives; those without anything for debuggers count, too. */
async function hasScanned(url: string, count: number, child: ChildProcess): Promise<boolean> {
  for (const until = performance.now() + SCAN_MS; performance.now() < until && child.exitCode === null;) {
    await new Promise((resolve) => setTimeout(resolve, 500))
    const text = await fetch(`${url}/metrics`).then((answer) => answer.text(), () => '')
    const scanned = /^thread_work_total\{role="scan"\} (\d+)/m.exec(text)?.[1]
    const busy = /^thread_busy\{role="scan"\} (\d+)/m.exec(text)?.[1]
    if (Number(scanned ?? 0) >= count && (busy ?? '0') === '0') return true
  }
  return false
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

function lacking(why: string): undefined {
  stderr.write(`bench: no figures of debuginfod: ${why}\n`)
}
