/**
 * What happens to a task, from the beginning or from a line on, as it happens: read from `worker.log` on disk by
 * whoever pulls, so that a slow or vanished reader costs no memory, and all of them look through one (shared_log.ts). The streamed body of /create and /<id>/events are
 * made from it.
 */
import { CHUNK, readFileChunks } from '../stream/file.ts'
import type { TaskState } from '../task/state.ts'
import type { Task } from '../task/task.ts'
import { THREAD } from '../task/thread_line.ts'
import { cutText, escapeText } from '../text/escape.ts'
import { SharedLog } from './shared_log.ts'

const BEAT_MS = 5000
/** Of one event; a worker tells fewer. */
const MAX_FRAMES = 256

/**
 * `log`: one line without its end. `thread`: frames of the crashed thread, which came together; without what begins their
 * lines. `status`: a beat while PENDING (no id), then the final one. `backtrace`: a piece of
 * it. Ids count what would be repeated to a reader that comes back: the lines, the final status, the backtrace.
 */
export type TaskEvent =
  | { kind: 'log'; id: number; line: string }
  | { kind: 'thread'; id: number; lines: string[] }
  | { kind: 'status'; id: number | undefined; state: TaskState }
  | { kind: 'backtrace'; id: number; bytes: Uint8Array }

export interface WatchOptions {
  /** Events with this id and lower ones are left out: what a reader has seen before. */
  after?: number
  signal?: AbortSignal
}

/**
 * The events of a task until it has ended, is deleted, or `signal` aborts. PENDING comes at once and every 5 seconds;
 * what would not be seen in a line is shown as its number; what comes without a line end is cut at 64 KiB.
 */
export async function* watchTask(task: Task, options: WatchOptions = {}): AsyncGenerator<TaskEvent> {
  const { after = 0, signal } = options
  using shared = SharedLog.watch(task)
  const { log } = shared
  const lines = new LineReader(log)
  let beat = 0
  while (!signal?.aborted && task.exists()) {
    const { version } = log
    // In this order: what is in the log when the end is announced belongs to it.
    const state = task.state()
    if (state === 'PENDING' && Date.now() >= beat) {
      yield { kind: 'status', id: undefined, state }
      beat = Date.now() + BEAT_MS
    }
    let frames: { kind: 'thread'; id: number; lines: string[] } | undefined
    for (const { number, text } of lines.read({ all: state !== 'PENDING' })) {
      const line = escapeText(text, { keep: '\t' })
      const isFrame = line.startsWith(THREAD)
      if (frames !== undefined && (!isFrame || frames.lines.length >= MAX_FRAMES)) {
        yield frames
        frames = undefined
      }
      if (number > after && isFrame) {
        frames = { kind: 'thread', id: number, lines: [...frames?.lines ?? [], line.slice(THREAD.length)] }
      } else if (number > after) yield { kind: 'log', id: number, line }
      if (signal?.aborted) return
      if (state === 'PENDING' && Date.now() >= beat) break
    }
    if (frames !== undefined) yield frames
    if (state !== 'PENDING') return yield* finalEvents(task, { state, after, last: lines.count })
    if (!lines.hasMore) await log.changed(version, beat - Date.now(), signal)
  }
}

async function* finalEvents(
  task: Task,
  { state, after, last }: { state: TaskState; after: number; last: number },
): AsyncGenerator<TaskEvent> {
  if (last + 1 > after) yield { kind: 'status', id: last + 1, state }
  if (state === 'FINISHED_SUCCESS' && last + 2 > after) {
    for await (const bytes of readFileChunks(task.file('backtrace'))) yield { kind: 'backtrace', id: last + 2, bytes }
  }
}

/** Whole lines of a log that grows, from its beginning. */
class LineReader {
  readonly #log: SharedLog
  readonly #decoder = new TextDecoder()
  #position = 0
  #rest = ''
  count = 0
  /** Whether the last read() was left before the end of what the file holds. */
  hasMore = false

  constructor(log: SharedLog) {
    this.#log = log
  }

  /** The lines that are complete, and with `all` also a last one without its end. */
  *read({ all }: { all: boolean }): Generator<{ number: number; text: string }> {
    this.hasMore = true
    for (;;) {
      for (let line = this.#take(); line !== undefined; line = this.#take()) yield { number: ++this.count, text: line }
      const chunk = this.#log.read(this.#position)
      if (chunk.length === 0) break
      this.#position += chunk.length
      this.#rest += this.#decoder.decode(chunk, { stream: true })
    }
    this.hasMore = false
    if (!all || this.#rest === '') return
    const text = this.#rest
    this.#rest = ''
    yield { number: ++this.count, text }
  }

  #take(): string | undefined {
    const end = this.#rest.indexOf('\n')
    if (end < 0 && this.#rest.length <= CHUNK) return undefined
    const line = end < 0 || end > CHUNK ? cutText(this.#rest, CHUNK) : this.#rest.slice(0, end)
    this.#rest = this.#rest.slice(line.length === end ? end + 1 : line.length)
    return line
  }
}

const encoder = new TextEncoder()

/**
 * The streamed body of a 201 (docs/http.md, 'POST /create'): the worker's lines, one that begins with `X-Task-` behind
 * `> `, the status lines, and after FINISHED_SUCCESS the backtrace. A server that stops says so in a last line.
 */
export async function* taskBody(task: Task, options: WatchOptions = {}): AsyncGenerator<Uint8Array> {
  for await (const event of watchTask(task, options)) {
    if (event.kind === 'backtrace') yield event.bytes
    else if (event.kind === 'thread') yield encoder.encode(event.lines.map((line) => `${THREAD}${line}\n`).join(''))
    else if (event.kind === 'status') yield encoder.encode(`X-Task-Status: ${event.state}\n`)
    else yield encoder.encode(`${/^x-task-/i.test(event.line) ? '> ' : ''}${event.line}\n`)
  }
  if (options.signal?.aborted) {
    yield encoder.encode(`server: stopping; the task begins again with the server, ask for its status at /${task.id}\n`)
  }
}
