/**
 * One look at a running task for all who watch it: ten times a second whether its state or its log has changed, a hundred times in
 * its first second and more often where it just has, since more comes soon then; and the last piece of the log that any of them read. A watcher
 * costs its place in the log and no descriptor; the last one that leaves ends the looking.
 */
import { performance } from 'node:perf_hooks'
import { plainSize, readPlain } from '../files/plain.ts'
import type { Task } from '../task/task.ts'

const POLL_MS = 100
const SOON_MS = 25
const AT_FIRST_MS = 10
/** How long one looks more often: from the first watcher on, when most comes, and from a change on. */
const FIRST_MS = 1000
const AFTER_CHANGE_MS = 100
const PIECE = 16_384

const watched = new Map<string, SharedLog>()

export class SharedLog {
  readonly #task: Task
  readonly #sleepers = new Set<() => void>()
  #timer: ReturnType<typeof setTimeout>
  readonly #firstUntil = performance.now() + FIRST_MS
  #soonUntil = 0
  #watchers = 0
  #seen: string
  #piece: { position: number; bytes: Uint8Array } | undefined
  /** Rises with every change. */
  #version = 0

  private constructor(task: Task) {
    this.#task = task
    this.#seen = this.#look()
    this.#timer = this.#later()
  }

  /** That of a task, until it is disposed. */
  static watch(task: Task): { log: SharedLog } & Disposable {
    const log = watched.get(task.directory) ?? new SharedLog(task)
    watched.set(task.directory, log)
    log.#watchers++
    return {
      log,
      [Symbol.dispose]() {
        if (--log.#watchers > 0) return
        clearTimeout(log.#timer)
        watched.delete(task.directory)
      },
    }
  }

  get version(): number {
    return this.#version
  }

  /** Bytes of the log from a position on; none: it ends there, or is not there yet. */
  read(position: number): Uint8Array {
    if (this.#piece?.position === position) return this.#piece.bytes
    const bytes = readPlain(this.#task.file('worker.log'), { position, length: PIECE }) ?? new Uint8Array()
    if (bytes.length > 0) this.#piece = { position, bytes }
    return bytes
  }

  /** Resolves when something has changed since `version`, after so long, or when the signal aborts. */
  async changed(version: number, milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted || version !== this.#version) return
    await new Promise<void>((resolve) => {
      const wake = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', wake)
        this.#sleepers.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, Math.max(0, milliseconds))
      signal?.addEventListener('abort', wake)
      this.#sleepers.add(wake)
    })
  }

  #later(): ReturnType<typeof setTimeout> {
    const now = performance.now()
    return setTimeout(() => {
      this.#timer = this.#later()
      this.#poll()
    }, now < this.#firstUntil ? AT_FIRST_MS : now < this.#soonUntil ? SOON_MS : POLL_MS)
  }

  #poll(): void {
    const now = this.#look()
    if (now === this.#seen) return
    this.#seen = now
    this.#soonUntil = performance.now() + AFTER_CHANGE_MS
    this.#version++
    for (const wake of [...this.#sleepers]) wake()
  }

  #look(): string {
    const { exists, state } = { exists: this.#task.exists(), state: this.#task.state() }
    return `${exists} ${state} ${plainSize(this.#task.file('worker.log'))}`
  }
}
