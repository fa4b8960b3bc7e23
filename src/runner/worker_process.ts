/**
 * One worker process: how it is started, told its directory, and killed with everything it started.
 * Its output goes straight into a file (O_APPEND), never through a pipe: nothing is lost or buffered when the server
 * dies, and a worker that writes much costs the server no memory. Refuses to know what a task is.
 */
import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { kill } from 'node:process'

/** How a worker ended: an exit code, or the signal that killed it, or why it could not be started. */
export interface WorkerEnd {
  code: number | null
  signal: string | null
  error?: Error
}

export interface WorkerProcess {
  readonly pid: number | undefined
  readonly ended: Promise<WorkerEnd>
  /** Gives a worker that was started with '-' its directory. */
  assign(directory: string): void
  /** Kills the whole process group at once. */
  kill(): void
}

export interface WorkerStart {
  /** The program and its first arguments, e.g. [`.../ops/bin/abrt-retrace-worker`]. */
  command: readonly string[]
  /** The task's directory, or '-' for a worker that reads it from its standard input later. */
  argument: string
  /** File that takes stdout and stderr. */
  log: string
  settings: Record<string, string>
}

/**
 * Starts a worker in a process group of its own. `setpriv --pdeathsig KILL` ends it with a server that is killed
 * itself; `env` adds the settings to what this process inherited.
 */
export function startWorker(start: WorkerStart): WorkerProcess {
  const settings = Object.entries(start.settings).map(([name, value]) => `${name}=${value}`)
  const log = openSync(start.log, 'a', 0o600)
  try {
    const child = spawn(
      'setpriv',
      ['--pdeathsig', 'KILL', '--', 'env', ...settings, ...start.command, start.argument],
      { cwd: '/', detached: true, stdio: [start.argument === '-' ? 'pipe' : 'ignore', log, log] },
    )
    // A worker that died before it was given its directory closes the pipe; how it ended says the rest.
    child.stdin?.on('error', () => undefined)
    const ended = new Promise<WorkerEnd>((resolve) => {
      child.once('error', (error) => resolve({ code: null, signal: null, error }))
      child.once('exit', (code, signal) => resolve({ code, signal }))
    })
    return {
      pid: child.pid,
      ended,
      assign: (directory) => void child.stdin?.end(`${directory}\n`),
      kill: () => killGroup(child.pid),
    }
  } finally {
    closeSync(log)
  }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    kill(-pid, 'SIGKILL')
  } catch (cause) {
    // ESRCH: all of it has ended already.
    if ((cause as { code?: string }).code !== 'ESRCH') throw cause
  }
}
