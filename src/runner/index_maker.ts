/**
 * Has indices of kept debuginfo made while no task runs: one worker with --index, as low in priority as can be, when packages have
 * been kept since the last one. Whatever else the server has to do comes first: it is killed, and begins again later.
 */
import type { Database } from '../database/database.ts'
import { lastKept } from '../packages/index/packages.ts'
import { startOutside } from '../process/outside.ts'
import type { Running } from '../process/start.ts'
import { log } from '../telemetry/log.ts'
import { unixSeconds } from '../units/time.ts'

export interface IndexMakerOptions {
  database: Database
  /** The worker's program and first arguments. */
  command: readonly string[]
  settings: Record<string, string>
  pauseMs?: number
}

/** As far as can be. */
const NICENESS = 19
/** After the last task, so that one that comes right behind it meets nobody. */
const PAUSE_MS = 2_000

export class IndexMaker {
  readonly #options: IndexMakerOptions
  /** When what the last run looked at was kept: Unix seconds. */
  #seen = 0
  #running: Running | undefined
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(options: IndexMakerOptions) {
    this.#options = options
  }

  /** No task runs. */
  begin(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#run(), this.#options.pauseMs ?? PAUSE_MS)
    this.#timer.unref()
  }

  /** A task runs, or the server ends. */
  stop(): void {
    clearTimeout(this.#timer)
    this.#running?.stop()
  }

  /** Resolves when no worker of it runs. */
  async idle(): Promise<void> {
    await this.#running?.ended
  }

  #run(): void {
    const { database, command, settings } = this.#options
    if (this.#running !== undefined) return
    const kept = lastKept(database)
    if (kept === undefined || kept <= this.#seen) return
    const words = Object.entries(settings).map(([name, value]) => `${name}=${value}`)
    const running = startOutside('abrt-retrace-worker', [
      'nice',
      '-n',
      String(NICENESS),
      'env',
      ...words,
      ...command,
      '--index',
    ], {
      environment: 'inherited',
      diesWithUs: true,
      niceness: NICENESS,
    })
    const isSettled = unixSeconds() > kept
    this.#running = running
    running.output.resume()
    void running.ended.then(({ code, failure, complaint }) => {
      this.#running = undefined
      if (failure?.kind === 'stopped') return
      // What was kept within the same second may have come too late for it.
      this.#seen = isSettled ? kept : kept - 1
      if (code !== 0) log('runner').warning(`No indices of debuginfo are made: ${complaint || `exit code ${code}`}`)
    })
  }
}
