/**
 * GET /<id>: the state, and one sentence for the person who waits; with `Accept: application/json` everything that is
 * known of the task's way (docs/http.md, 'GET /<id> and below').
 */
import { stat } from 'node:fs/promises'
import { Hono } from 'hono'
import { describeRoute, resolver } from 'hono-openapi'
import * as z from 'zod'
import { knownCrash } from '../runner/crash_counts.ts'
import { lastLine } from '../runner/worker_log.ts'
import type { AppEnv, Services } from '../http/services.ts'
import { OUTCOME_CODES } from '../task/outcome.ts'
import { readOutcome } from '../task/outcome_file.ts'
import { readWanted, wantedJson } from '../task/rounds.ts'
import { readStep, STEPS } from '../task/step.ts'
import type { TaskState } from '../task/state.ts'
import type { Task } from '../task/task.ts'
import { answer, answerJson, prefersJson } from '../http/answer.ts'
import { wantsPage } from '../http/page.ts'
import { refusals, TASK_FAILURES, taskParameters } from '../http/description.ts'
import { methodNotAllowed } from '../http/method_not_allowed.ts'
import { TASK_PATH, taskOf } from './task_access.ts'
import { taskPage } from './task_page.ts'
import { count } from '../text/count.ts'

const Time = z.iso.datetime().nullable()

export const Status = z.object({
  state: z.enum(['PENDING', 'FINISHED_SUCCESS', 'FINISHED_FAILURE']),
  step: z.enum(['queued', 'start', ...STEPS]).nullable().describe(
    'What the worker does now; `start` before its first step, null when the task has ended',
  ),
  wanted: z.object({
    round: z.int().describe('From 1'),
    rounds: z.int().describe('How many there are at most'),
    ranges: z.array(z.object({ start: z.string(), length: z.int() })).describe(
      'Sorted, apart, the address in hexadecimal',
    ),
    within: z.array(z.object({ start: z.string(), length: z.int() })).describe(
      'Where what these ranges point to may be sent, too',
    ),
    seconds: z.int().describe('How long the task waits for it at most'),
  }).nullable().describe('Memory that may be sent to /<id>/memory now; null: none'),
  created: Time,
  started: Time,
  finished: Time,
  estimate: z.int().describe('Seconds that the task is expected to take once it runs'),
  queue_position: z.int().nullable().describe('Place in the queue, from 1; null when it runs or has ended'),
  expected_start: Time.describe('When a task that waits is expected to start'),
  outcome: z.object({
    code: z.enum([...OUTCOME_CODES, 'unknown']),
    summary: z.string(),
    next_step: z.string().nullable(),
  }).nullable(),
  crash: z.object({
    sentence: z.string().describe('What happened, in one line'),
    duphash: z.string().nullable().describe("ABRT's, as libsatyr computes it"),
    signature: z.string().nullable().describe('The same for equal crashes in every build'),
    rating: z.int().min(0).max(4).nullable().describe("Of the backtrace, by libsatyr's rules"),
    update: z.string().nullable().describe('What to do first, where a newer package of what is to blame is upstream'),
    seen: z.object({
      times: z.int().describe('Tasks with this signature, this one among them'),
      releases: z.array(z.string()),
    }).nullable().describe('Null: less than 3 times'),
  }).nullable().describe('What the crash was, once the task has ended and gdb said so'),
}).meta({ ref: 'Status' })

export function statusRoutes(services: Services): Hono<AppEnv> {
  return new Hono<AppEnv>()
    .get(TASK_PATH, describeStatus, async (c) => {
      const task = taskOf(c, services)
      const state = task.state()
      const headers = { 'X-Task-Status': state, 'Vary': 'Accept' }
      if (wantsPage(c)) return await taskPage(c, { task, state, services })
      if (prefersJson(c)) return answerJson(await statusOf(task, { state, services }), { headers })
      return answer(`${sentenceOf(task, { state, services })}\n`, { headers })
    })
    // The removal of a task shares this path, and stands before.
    .all(TASK_PATH, methodNotAllowed('GET', 'DELETE'))
}

interface Asked {
  state: TaskState
  services: Services
}

async function statusOf(task: Task, { state, services }: Asked): Promise<z.infer<typeof Status>> {
  const position = services.runner.position(task.id)
  const outcome = readOutcome(task)
  const seconds = services.runner.memoryWait(task.id)
  const wanted = seconds === undefined ? undefined : readWanted(task)
  return {
    state,
    step: state !== 'PENDING' ? null : position === undefined ? readStep(task) ?? 'start' : 'queued',
    wanted: state === 'PENDING' && wanted !== undefined && seconds !== undefined
      ? { ...wantedJson(wanted), seconds }
      : null,
    created: task.created()?.toISOString() ?? null,
    started: task.text('started')?.trim() ?? null,
    finished: state === 'PENDING' ? null : (await stat(task.file('retrace-log'))).mtime.toISOString(),
    estimate: await services.runner.estimate(task),
    queue_position: position?.place ?? null,
    expected_start: position === undefined
      ? null
      : new Date(services.now().getTime() + position.startsIn * 1000).toISOString(),
    outcome: outcome === undefined || state === 'PENDING'
      ? null
      : { code: outcome.code, summary: outcome.summary, next_step: outcome.next_step },
    crash: state === 'PENDING' || outcome?.crash === undefined ? null : {
      ...outcome.crash,
      seen: seen(services, outcome.crash.signature),
    },
  }
}

function seen({ database }: Services, signature: string | null) {
  return signature === null ? null : knownCrash(database, signature) ?? null
}

/** What is being done now, or how it ended and what to do next; never empty: the ABRT client shows it to its user. */
function sentenceOf(task: Task, { state, services }: Asked): string {
  if (state === 'PENDING') {
    const position = services.runner.position(task.id)
    if (position !== undefined) {
      return `The task waits at place ${position.place} and is expected to start in ${
        count(position.startsIn, 'second')
      }`
    }
    const seconds = services.runner.memoryWait(task.id)
    if (seconds !== undefined) {
      return `The task waits for memory that the debugger missed, up to ${
        count(seconds, 'second')
      }, and ends without it otherwise`
    }
    const line = lastLine(task)
    return line === undefined ? 'The task is about to start' : `The task runs: ${line}`
  }
  const outcome = readOutcome(task)
  const sentence = outcome?.crash === undefined ? undefined : `${outcome.crash.sentence}.`
  const said = [sentence, outcome?.crash?.update, outcome?.summary, outcome?.next_step].filter((text) => text).join(' ')
  if (said !== '') return said
  return state === 'FINISHED_SUCCESS'
    ? `The backtrace is ready at /${task.id}/backtrace`
    : `The task failed; the log at /${task.id}/log says why`
}

const part = (
  name: string,
  schema: { type: 'string' | 'integer'; pattern?: string; minimum?: number },
  description: string,
) => ({
  name,
  in: 'query' as const,
  required: false,
  description,
  schema,
})

const describeStatus = describeRoute({
  summary: 'What a task does, or how it ended',
  parameters: [
    ...taskParameters,
    part(
      'thread',
      { type: 'string', pattern: '^[0-9]{1,15}-[0-9]{1,15}$' },
      'Of a page: one thread, by its place in backtrace.json',
    ),
    part('from', { type: 'integer', minimum: 0 }, 'Of a page of one thread: its first frame'),
    part('stacks', { type: 'integer', minimum: 0 }, 'Of a page: the other threads from this stack on'),
  ],
  responses: {
    200: {
      description: 'The state in X-Task-Status, and a sentence or the details',
      headers: {
        'X-Task-Status': { schema: { type: 'string', enum: ['PENDING', 'FINISHED_SUCCESS', 'FINISHED_FAILURE'] } },
      },
      content: {
        'text/plain': { schema: { type: 'string' } },
        'application/json': { schema: resolver(Status) },
        'text/html': { schema: { type: 'string' } },
      },
    },
    ...refusals(...TASK_FAILURES),
  },
})
