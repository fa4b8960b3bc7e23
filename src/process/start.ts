/**
 * The programs that this room starts: gpgv, xz, zstd, bzip2, dpkg-deb. Owns their lives: an argument array and never a
 * shell, a process group of its own that is killed as a whole, a time limit, an empty environment.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { kill } from 'node:process'
import type { Readable } from 'node:stream'
import { FetchError } from '../packages/format/error.ts'

const PATH = '/usr/sbin:/usr/bin:/sbin:/bin'
const MAX_COMPLAINT = 2000

export interface ChildOptions {
  signal: AbortSignal
  timeoutMs: number
  /** Piped into its standard input, or the descriptor of a file that is it; none: /dev/null. */
  input?: Readable | number
}

export interface RunningChild extends AsyncDisposable {
  stdout: Readable
  /** Resolves when it ended well; throws FetchError 'malformed' with its complaint, or 'timeout'. */
  ended: Promise<void>
}

/** Starts a program whose standard output is read as a stream. Disposing of it kills it when it still runs. */
export function startChild(program: string, args: string[], options: ChildOptions): RunningChild {
  const { input } = options
  const child = spawn(program, args, {
    stdio: [typeof input === 'number' ? input : input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    env: { PATH, LC_ALL: 'C.UTF-8' },
    detached: true,
  })
  let complaint = ''
  let reason: FetchError | undefined
  const stop = (why: FetchError) => {
    reason ??= why
    killGroup(child)
  }
  child.stderr?.setEncoding('utf8').on('data', (text: string) => complaint = (complaint + text).slice(-MAX_COMPLAINT))
  const timer = setTimeout(
    () => stop(new FetchError('timeout', `${program} took longer than ${options.timeoutMs / 1000} s`)),
    options.timeoutMs,
  )
  const abort = () => stop(new FetchError('timeout', `${program} was stopped, because the time was over`))
  options.signal.addEventListener('abort', abort, { once: true })
  if (options.signal.aborted) abort()
  if (typeof input === 'object' && child.stdin !== null) {
    // A program that ends early closes its input: what it said counts, not that.
    child.stdin.on('error', () => undefined)
    input.on('error', (error) => stop(new FetchError('malformed', error.message, { cause: error })))
    input.pipe(child.stdin)
  }
  const ended = new Promise<void>((resolve, reject) => {
    child.on('error', (error) => {
      reject(new FetchError('refused', `${program} cannot be started: is it installed?`, { cause: error }))
    })
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      options.signal.removeEventListener('abort', abort)
      if (reason !== undefined) reject(reason)
      else if (code === 0) resolve()
      else reject(new FetchError('malformed', `${program} failed (${code ?? signal}): ${complaint.trim()}`))
    })
  })
  // Whoever only reads the output must not see an unhandled rejection; `ended` still rejects for who awaits it.
  ended.catch(() => undefined)
  return {
    stdout: child.stdout as Readable,
    ended,
    async [Symbol.asyncDispose]() {
      killGroup(child)
      await ended.catch(() => undefined)
    },
  }
}

/** SIGKILL to the whole group, if it is still there. */
export function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  try {
    kill(-child.pid, 'SIGKILL')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}
