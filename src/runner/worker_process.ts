/**
 * One worker process: how it is started, told its directory, and killed with everything it started. Its output goes
 * straight into a file (O_APPEND), never through a pipe: nothing is lost or buffered when the server dies, and a worker
 * that writes much costs the server no memory. It does not know what a task is.
 */
import { closeSync, openSync } from 'node:fs'
import { APPENDING } from '../files/plain.ts'
import { MIB } from '../units/bytes.ts'
import { startOutside } from '../process/outside.ts'

/** How a worker ended: an exit code, or the signal that killed it, or why it could not be started. */
export interface WorkerEnd {
  code: number | null
  signal: string | null
  error?: Error
  /** It was ended with what had started it; it did nothing wrong. */
  isLost?: true
}

export interface WorkerProcess {
  readonly pid: number | undefined
  readonly ended: Promise<WorkerEnd>
  /** Gives a worker that was started with '-' its directory. */
  assign(directory: string): void
  /** Kills it at once, with everything that it started. */
  kill(): void
}

/** All but its log. */
export interface WorkerWish {
  /** The program and its first arguments, e.g. [`.../ops/bin/abrt-retrace-worker`]. */
  command: readonly string[]
  /** The task's directory, or '-' for a worker that reads it from its standard input later. */
  argument: string
  /** Of one that waits: the directory in which its core arrives, to be looked at meanwhile. */
  draft?: string | undefined
  settings: Record<string, string>
  /** MiB of private memory that it may have itself; what runs behind the wall has limits of its own. */
  memoryMb: number
  /** How far it, and all that it starts, stands back where processor time is scarce (nice(1)). */
  niceness: number
}

export interface WorkerStart extends WorkerWish {
  /** File that takes stdout and stderr. */
  log: string
}

/** Opens a worker's log, to be closed when the worker has been started. */
export function openLog({ log }: WorkerStart): number {
  return openSync(log, APPENDING, 0o600)
}

/** Starts a worker that ends with the thread that calls; it inherits this process's environment, and has the settings besides. */
export function startWorker(start: WorkerStart): WorkerProcess {
  const log = openLog(start)
  try {
    return startWorkerInto(log, start)
  } finally {
    closeSync(log)
  }
}

/** The same with an open log, which stays the caller's. */
export function startWorkerInto(log: number, start: WorkerWish): WorkerProcess {
  const settings = Object.entries(start.settings).map(([name, value]) => `${name}=${value}`)
  const data = `--data=${start.memoryMb * MIB}:`
  const words = [
    'prlimit',
    data,
    '--',
    'nice',
    '-n',
    String(start.niceness),
    'env',
    ...settings,
    ...start.command,
    start.argument,
    ...(start.draft === undefined ? [] : [start.draft]),
  ] as const
  const running = startOutside('abrt-retrace-worker', words, {
    output: log,
    environment: 'inherited',
    diesWithUs: true,
    niceness: start.niceness,
    ...(start.argument === '-' && { input: 'open' }),
  })
  return {
    pid: running.pid,
    ended: running.ended.then(({ code, signal, failure }) => ({
      ...{ code, signal },
      ...(failure?.kind === 'not-started' && { error: failure }),
    })),
    assign: (directory) => void running.input.end(`${directory}\n`),
    kill: () => running.stop(),
  }
}
