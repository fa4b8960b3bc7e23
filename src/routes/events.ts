/**
 * GET /<id>/events: the streamed body of POST /create as server-sent events (HTML, 9.2), for readers that come back:
 * from the beginning, or after `Last-Event-ID`.
 */
import { Hono } from 'hono'
import { describeRoute } from 'hono-openapi'
import { type TaskEvent, watchTask } from '../runner/task_stream.ts'
import { pullStream } from '../stream/pull.ts'
import { TaskStreams } from '../http/task_streams.ts'
import type { AppEnv, Services } from '../http/services.ts'
import type { Task } from '../task/task.ts'
import { answer, NO_GUESSING } from '../http/answer.ts'
import { refusals, TASK_FAILURES, taskParameters } from '../http/description.ts'
import { methodNotAllowed } from '../http/method_not_allowed.ts'
import { TASK_PATH, taskOf } from './task_access.ts'

const HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-store',
  ...NO_GUESSING,
  'X-Accel-Buffering': 'no',
}

export function eventRoutes(services: Services): Hono<AppEnv> {
  const streams = new TaskStreams(services.config)
  return new Hono<AppEnv>()
    .get(`${TASK_PATH}/events`, describeEvents, async (c) => {
      const task = taskOf(c, services)
      const after = lastEventId(c.req.header('Last-Event-ID'))
      if (after > 0 && task.state() !== 'PENDING' && !await hasEventsAfter(task, after)) {
        return answer('', { status: 204 })
      }
      if (c.req.method === 'HEAD') return new Response(null, { headers: HEADERS })
      streams.enter(task.id, c.env) // 429
      return new Response(pullStream((signal) => serverSentEvents(task, { after, signal }), services.stopping), {
        headers: HEADERS,
      })
    })
    .all(`${TASK_PATH}/events`, methodNotAllowed('GET'))
}

/** What a reader has seen; anything that is no counter of ours means nothing. */
function lastEventId(header: string | undefined): number {
  return /^[0-9]{1,15}$/.test(header ?? '') ? Number(header) : 0
}

async function hasEventsAfter(task: Task, after: number): Promise<boolean> {
  for await (const _ of watchTask(task, { after })) return true
  return false
}

async function* serverSentEvents(
  task: Task,
  options: { after: number; signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder()
  const backtrace = new BacktraceEvent()
  for await (const event of watchTask(task, options)) yield encoder.encode(format(event, backtrace))
  yield encoder.encode(backtrace.end())
}

function format(event: TaskEvent, backtrace: BacktraceEvent): string {
  switch (event.kind) {
    case 'log':
      return `event: log\nid: ${event.id}\ndata: ${event.line}\n\n`
    case 'thread':
      return `event: thread\nid: ${event.id}\n${event.lines.map((line) => `data: ${line}\n`).join('')}\n`
    case 'status':
      return `event: status\n${event.id === undefined ? '' : `id: ${event.id}\n`}data: ${event.state}\n\n`
    case 'backtrace':
      return backtrace.add(event.id, event.bytes)
  }
}

/** One event for the whole backtrace, a `data:` line for each of its own, written as its pieces come. */
class BacktraceEvent {
  readonly #decoder = new TextDecoder()
  #isOpen = false

  add(id: number, bytes: Uint8Array): string {
    const begin = this.#isOpen ? '' : `event: backtrace\nid: ${id}\ndata: `
    this.#isOpen = true
    return begin + this.#lines(this.#decoder.decode(bytes, { stream: true }))
  }

  end(): string {
    return this.#isOpen ? `${this.#lines(this.#decoder.decode())}\n\n` : ''
  }

  /** A lone CR would end a line of the event stream, too. */
  #lines(text: string): string {
    return text.replaceAll('\r', '\\x0d').replaceAll('\n', '\ndata: ')
  }
}

const describeEvents = describeRoute({
  summary: "A task's log lines, status and backtrace as they come, as server-sent events",
  parameters: [
    ...taskParameters,
    {
      name: 'Last-Event-ID',
      in: 'header',
      required: false,
      description: 'The last id that the caller has seen: what comes after it is sent',
      schema: { type: 'string', pattern: '^[0-9]+$' },
    },
  ],
  responses: {
    200: {
      description: 'Events log, thread, status and backtrace; all but the PENDING beats with a counter as id',
      content: { 'text/event-stream': { schema: { type: 'string' } } },
    },
    204: { description: 'The task has ended and everything was seen' },
    ...refusals(...TASK_FAILURES, 'too-many-streams'),
  },
})
