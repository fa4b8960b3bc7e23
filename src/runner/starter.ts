/**
 * Starts workers beside the event loop: whoever forks waits until the child has executed its program, on a busy machine for tens of
 * milliseconds, and waits again when it collects a dead one (docs/performance.md). The thread is started with the first
 * worker, and stays until close(): what it started dies with it.
 */
import { closeSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { Worker } from 'node:worker_threads'
import { asError } from '../errors/errno.ts'
import { unpackError } from '../process/carried_error.ts'
import type { FromStarter, ToStarter } from './starter_messages.ts'
import { log } from '../telemetry/log.ts'
import { endGroup } from '../process/signals.ts'
import { openLog, startWorker, type WorkerEnd, type WorkerProcess, type WorkerStart } from './worker_process.ts'

/** It holds what is said about a few dozen programs. In MiB. */
const HEAP = { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 4 }
/** So long workers are started here after a thread has ended by itself. */
const PAUSE_MS = 60_000

export class WorkerStarter {
  readonly #entry: string | undefined
  readonly #hired = new Map<number, HiredWorker>()
  #thread: Worker | undefined
  #next = 0
  #brokenUntil = 0

  /** `entry`: path of starter_main.ts, compiled; without it workers are started here. */
  constructor(entry?: string) {
    this.#entry = entry
  }

  /** As startWorker(), whose failures it throws as far as they come at once. */
  start(start: WorkerStart): WorkerProcess {
    const thread = this.#thread ?? this.#begun()
    if (thread === undefined) return startWorker(start)
    const { log: _, ...wish } = start
    const key = this.#next++
    const file = openLog(start)
    const worker = new HiredWorker(file, (message) => thread.postMessage({ ...message, key } satisfies ToStarter))
    // While there is one, who waits for its end shall hear of it; with none the thread keeps nobody from ending.
    thread.ref()
    this.#hired.set(key, worker)
    void worker.ended.then(() => {
      this.#hired.delete(key)
      if (this.#hired.size === 0) thread.unref()
    })
    thread.postMessage({ kind: 'start', key, log: file, wish } satisfies ToStarter)
    return worker
  }

  /** Ends the thread, and with it workers that still run. */
  async close(): Promise<void> {
    const thread = this.#thread
    this.#thread = undefined
    await thread?.terminate()
  }

  #begun(): Worker | undefined {
    if (this.#entry === undefined || performance.now() < this.#brokenUntil) return undefined
    let thread: Worker
    try {
      thread = new Worker(this.#entry, { name: 'start', resourceLimits: HEAP, argv: [], execArgv: [] })
    } catch (error) {
      this.#brokenUntil = performance.now() + PAUSE_MS
      log('runner').error(`The thread that starts workers cannot be started: ${asError(error).message}`)
      return undefined
    }
    let cause: Error | undefined
    thread.on('message', (message: FromStarter) => this.#hired.get(message.key)?.hear(message))
    thread.on('error', (error) => cause = error)
    thread.on('exit', () => {
      const said = `The thread that starts workers has ended${cause === undefined ? '' : `: ${cause.message}`}`
      if (this.#thread === thread) {
        this.#thread = undefined
        this.#brokenUntil = performance.now() + PAUSE_MS
        log('runner').error(`${said}; its ${this.#hired.size} workers run again, without it for ${PAUSE_MS / 1000} s`)
      }
      for (const worker of this.#hired.values()) worker.lose(new Error(said, { cause }))
    })
    return this.#thread = thread
  }
}

type Ask = (message: { kind: 'kill' } | { kind: 'assign'; directory: string }) => void

/** A worker that the thread starts, as this thread knows it. */
class HiredWorker implements WorkerProcess {
  pid: number | undefined
  readonly ended: Promise<WorkerEnd>
  #log: number | undefined
  #end: (end: WorkerEnd) => void = () => undefined
  readonly #ask: Ask

  constructor(log: number, ask: Ask) {
    this.#log = log
    this.#ask = ask
    this.ended = new Promise((resolve) => this.#end = resolve)
  }

  assign(directory: string): void {
    this.#ask({ kind: 'assign', directory })
  }

  kill(): void {
    this.#ask({ kind: 'kill' })
  }

  hear(message: FromStarter): void {
    this.#closeLog()
    if (message.kind === 'started') {
      this.pid = message.pid
      return
    }
    const { code, signal, error } = message
    this.#end({ code, signal, ...(error && { error: unpackError(error) }) })
  }

  lose(error: Error): void {
    this.#closeLog()
    // It may have been forked in that very moment, and what it started had its end from the thread.
    if (this.pid !== undefined) tryToEnd(this.pid)
    this.#end({ code: null, signal: null, error, isLost: true })
  }

  #closeLog(): void {
    if (this.#log !== undefined) closeSync(this.#log)
    this.#log = undefined
  }
}

function tryToEnd(leader: number): void {
  try {
    endGroup(leader)
  } catch (cause) {
    log('runner').error(asError(cause).message)
  }
}
