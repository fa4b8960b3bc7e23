/**
 * Uploads unpacked beside the event loop: decoders are started there, their output is read, taken apart and written there, so that
 * only compressed bytes pass the thread that all requests share. A few threads, started when there is something to do, ended
 * when there is not; an upload goes to the one that has least to do. A small one does not wait for a thread to start: while
 * none runs, and nothing else is unpacked, it is unpacked here, by the same code. So is what comes unpacked, since handing it over
 * costs as much as taking it apart (docs/performance.md).
 */
import { availableParallelism } from 'node:os'
import { performance } from 'node:perf_hooks'
import type { UploadPlan } from '../upload/headers.ts'
import { HERE, type Unpacker, type UnpackerOptions, type Upload } from '../upload/receive.ts'
import { KIB } from '../units/bytes.ts'
import { UnpackThread } from './thread.ts'

/** Bytes as they are sent, from which on a thread is started for one upload. */
const LARGE = 256 * KIB
const IDLE_MS = 30_000
/** After one that ended before it had unpacked anything. */
const PAUSE_MS = 60_000

/** One processor is left to the thread that all requests share. */
function threadsFor(processors: number): number {
  return Math.min(2, Math.max(1, processors - 1))
}

export class UnpackThreads implements Unpacker {
  readonly #entry: string
  readonly #limit: number
  readonly #idleMs: number
  readonly #threads = new Set<UnpackThread>()
  #here = 0
  #brokenUntil = 0
  #idle: ReturnType<typeof setTimeout> | undefined

  /** `entry`: path of main.ts, compiled. `limit`: threads at once; `idleMs`: after which they end. */
  constructor(
    entry: string,
    { limit = threadsFor(availableParallelism()), idleMs = IDLE_MS }: { limit?: number; idleMs?: number } = {},
  ) {
    this.#entry = entry
    this.#limit = limit
    this.#idleMs = idleMs
  }

  /** How many threads there are. */
  get size(): number {
    return this.#threads.size
  }

  async unpack(chunks: AsyncIterable<Uint8Array>, upload: Upload, options: UnpackerOptions): Promise<void> {
    const thread = this.#threadFor(upload.plan)
    if (thread === undefined) return await this.#unpackHere(chunks, upload, options)
    clearTimeout(this.#idle)
    try {
      await thread.unpack(chunks, upload, options)
    } finally {
      this.#restLater()
    }
  }

  /** Ends all threads. */
  async close(): Promise<void> {
    clearTimeout(this.#idle)
    const ending = [...this.#threads]
    this.#threads.clear()
    await Promise.all(ending.map((each) => each.end()))
  }

  async #unpackHere(chunks: AsyncIterable<Uint8Array>, upload: Upload, options: UnpackerOptions): Promise<void> {
    this.#here++
    try {
      await HERE.unpack(chunks, upload, options)
    } finally {
      this.#here--
    }
  }

  /** Undefined: here. */
  #threadFor({ encoding, contentLength }: UploadPlan): UnpackThread | undefined {
    if (encoding === 'none') return undefined
    const [least] = [...this.#threads].sort((one, other) => one.load - other.load)
    if (least === undefined && contentLength < LARGE && this.#here === 0) return undefined
    if (least !== undefined && (least.load === 0 || this.#threads.size >= this.#limit)) return least
    return this.#started() ?? least
  }

  #started(): UnpackThread | undefined {
    if (performance.now() < this.#brokenUntil) return undefined
    const thread = new UnpackThread(this.#entry, (ended) => {
      this.#threads.delete(ended)
      if (ended.isBroken) this.#brokenUntil = performance.now() + PAUSE_MS
    })
    this.#threads.add(thread)
    return thread
  }

  #restLater(): void {
    clearTimeout(this.#idle)
    if ([...this.#threads].some(({ load }) => load > 0)) return
    this.#idle = setTimeout(() => void this.close(), this.#idleMs).unref()
  }
}
