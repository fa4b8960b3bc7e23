/**
 * GET /<id> for a browser: what a task does, or what came of it, from the files of its directory (docs/http.md, 'Pages').
 */
import { statSync } from 'node:fs'
import type { Context } from 'hono'
import { readBacktrace, threadAt } from '../backtrace/file.ts'
import type { Range } from '../backtrace/parts.ts'
import { RetraceError } from '../errors/errors.ts'
import { plainSize, readPlain } from '../files/plain.ts'
import { addressOf } from '../http/assets.ts'
import { answerPage } from '../http/page.ts'
import type { AppEnv, Services } from '../http/services.ts'
import { progressPage } from '../pages/progress.tsx'
import { resultPage } from '../pages/result.tsx'
import { threadPage, threadsPage } from '../pages/threads.tsx'
import { knownCrash } from '../runner/crash_counts.ts'
import { lastLine } from '../runner/worker_log.ts'
import { readOutcome } from '../task/outcome_file.ts'
import type { TaskState } from '../task/state.ts'
import { readStep, STEPS } from '../task/step.ts'
import type { Task } from '../task/task.ts'
import { siteOf } from './site.ts'

/** Of the log of a task that failed. */
const LOG_BYTES = 16_384

export async function taskPage(
  c: Context<AppEnv>,
  { task, state, services }: { task: Task; state: TaskState; services: Services },
): Promise<Response> {
  const { thread, stacks } = c.req.query()
  const headers = { 'X-Task-Status': state }
  // The state announces a result, not its file.
  if (state !== 'PENDING' && (thread !== undefined || stacks !== undefined)) {
    services.metrics.pages.inc({ page: 'thread' })
    const range = rangeOf(thread)
    const html = range !== undefined
      ? threadHtml(task, { range, from: indexOf(c.req.query('from')), services })
      : await stacksHtml(task, { from: indexOf(stacks), services })
    if (html === undefined) throw new RetraceError('not-ready', { detail: 'The task has no such thread' })
    return await answerPage(c, html, { headers })
  }
  services.metrics.pages.inc({ page: state === 'PENDING' ? 'progress' : 'result' })
  const html = state === 'PENDING'
    ? await progressHtml(task, services)
    : await resultHtml(task, { isSuccess: state === 'FINISHED_SUCCESS', services })
  return await answerPage(c, html, { headers })
}

async function progressHtml(task: Task, services: Services): Promise<string> {
  const position = services.runner.position(task.id)
  return progressPage(siteOf(services), {
    id: task.id,
    password: task.text('password') ?? '',
    script: addressOf(services.assets, 'task.js'),
    step: position === undefined ? readStep(task) ?? 'start' : 'queued',
    steps: STEPS,
    place: position?.place,
    startsIn: position?.startsIn,
    memoryWait: services.runner.memoryWait(task.id),
    estimate: await services.runner.estimate(task),
    lastLine: lastLine(task),
  })
}

async function resultHtml(
  task: Task,
  { isSuccess, services }: { isSuccess: boolean; services: Services },
): Promise<string> {
  const outcome = readOutcome(task)
  const crash = outcome?.crash
  return resultPage(siteOf(services), {
    id: task.id,
    password: task.text('password') ?? '',
    script: addressOf(services.assets, 'task.js'),
    isSuccess,
    outcome: outcome && { code: outcome.code, summary: outcome.summary, nextStep: outcome.next_step ?? undefined },
    crash: crash && {
      sentence: crash.sentence,
      update: crash.update ?? undefined,
      signature: crash.signature ?? undefined,
      duphash: crash.duphash ?? undefined,
      rating: crash.rating ?? undefined,
      seen: crash.signature === null ? undefined : knownCrash(services.database, crash.signature),
    },
    finished: statSync(task.file('retrace-log'), { throwIfNoEntry: false })?.mtime.toISOString()
      .replace(/T(..:..).*/, ' $1 UTC'),
    backtrace: isSuccess ? await readBacktrace(task.file('backtrace.json')) : undefined,
    hasMarkdown: task.has('backtrace.md'),
    log: isSuccess ? undefined : endOf(task.file('retrace-log')),
  })
}

function threadHtml(
  task: Task,
  { range, from, services }: { range: Range; from: number; services: Services },
): string | undefined {
  const thread = threadAt(task.file('backtrace.json'), range)
  return thread && threadPage(siteOf(services), { id: task.id, thread, range, from })
}

async function stacksHtml(
  task: Task,
  { from, services }: { from: number; services: Services },
): Promise<string | undefined> {
  const backtrace = await readBacktrace(task.file('backtrace.json'))
  return backtrace && threadsPage(siteOf(services), { id: task.id, groups: backtrace.groups, from })
}

/** Bytes of the file, which whoever asks may read as a whole: any place is as good as another. */
function rangeOf(text: string | undefined): Range | undefined {
  const [, start, end] = /^([0-9]{1,15})-([0-9]{1,15})$/.exec(text ?? '') ?? []
  return start === undefined || end === undefined ? undefined : { start: Number(start), end: Number(end) }
}

function indexOf(text: string | undefined): number {
  return /^[0-9]{1,9}$/.test(text ?? '') ? Number(text) : 0
}

function endOf(path: string): string | undefined {
  const size = plainSize(path)
  if (size === undefined) return undefined
  const bytes = readPlain(path, { position: Math.max(0, size - LOG_BYTES), length: LOG_BYTES })
  const text = new TextDecoder().decode(bytes)
  return size > LOG_BYTES ? text.slice(text.indexOf('\n') + 1) : text
}
