/** What every upload that becomes a task ends with: the 201 of POST /create (docs/http.md), and what it takes to run the task. */
import type { Context } from 'hono'
import { RetraceError } from '../errors/errors.ts'
import { whatIsMissing, whatTakesNothing } from '../health/equipment.ts'
import { answer, NO_GUESSING, TEXT } from '../http/answer.ts'
import { notEquipped } from '../http/failure.ts'
import { headersSent } from '../http/headers_sent.ts'
import type { AppEnv, Services } from '../http/services.ts'
import type { Admission } from '../runner/admission.ts'
import { taskBody } from '../runner/task_stream.ts'
import type { Accepted } from '../spool/draft.ts'
import { pullStream } from '../stream/pull.ts'
import type { Task } from '../task/task.ts'
import { log } from '../telemetry/log.ts'
import { count } from '../text/count.ts'
import type { UploadPlan } from '../upload/headers.ts'

/** What is said of a body while it becomes a task, in one request or in parts, and of a server that could not run it. */
export const BODY_FAILURES = [
  'bad-stream',
  'not-a-core',
  'upload-timeout',
  'unpacked-too-large',
  'file-too-large',
  'bad-member',
  'unknown-member',
  'missing-member',
  'bad-content',
  'database-unavailable',
  'store-unavailable',
  'not-equipped',
  'unpacking-failed',
] as const

/** A task that could not run, or not keep what it needs, is not taken. Throws not-equipped, database-unavailable, store-unavailable. */
export async function demandEquipped(services: Services): Promise<void> {
  const missing = whatIsMissing(services.config)
  if (missing.length > 0) throw notEquipped(new Error(missing.join('; ')))
  const refusal = await whatTakesNothing(services.config)
  if (refusal === undefined) return
  throw new RetraceError(refusal.code, {
    detail: `The server cannot work: ${refusal.text}; its administrator finds more by abrt-retrace-server --check`,
    headers: { 'Retry-After': '60' },
  })
}

/** Answers for a task that has been accepted, and starts it, even if its caller has gone. */
export async function begin(
  c: Context<AppEnv>,
  { accepted, plan, services, admission }: {
    accepted: Accepted
    plan: UploadPlan
    services: Services
    admission: Admission
  },
): Promise<Response> {
  const { task } = accepted
  const { metrics, runner } = services
  metrics.uploads.inc()
  metrics.uploadBytes.inc(plan.contentLength)
  log('upload').info(`Accepted an upload (${plan.manifest}, ${count(plan.contentLength, 'byte')})`, { task: task.id })
  const response = await createdResponse(c, { accepted, plan, services })
  void headersSent(c.env.outgoing).then(() => runner.start(task, admission))
  return response
}

/** The 201. Its body is streamed, or empty: for the ABRT client, which waits for its end, and for who prefers that. */
async function createdResponse(
  c: Context<AppEnv>,
  { accepted, plan, services }: { accepted: Accepted; plan: UploadPlan; services: Services },
): Promise<Response> {
  const { id, password, task } = accepted
  const headers: Record<string, string> = {
    'X-Task-Id': id,
    'X-Task-Password': password,
    'X-Task-Est-Time': String(await estimate(task, services)),
    'Location': `/${id}`,
    'Cache-Control': 'no-store',
  }
  const isAsync = prefersAsync(c.req.header('Prefer'))
  if (isAsync) headers['Preference-Applied'] = 'respond-async'
  if (isAsync || plan.manifest === 'abrt') return answer('', { status: 201, headers })
  // For proxies that would hold the body back until it is complete.
  headers['X-Accel-Buffering'] = 'no'
  const body = pullStream((signal) => taskBody(task, { signal }), services.stopping)
  return new Response(body, { status: 201, headers: { 'Content-Type': TEXT, ...NO_GUESSING, ...headers } })
}

/** A missing estimate never makes an accepted upload fail. */
async function estimate(task: Task, { config, runner }: Services): Promise<number> {
  try {
    return await runner.estimate(task)
  } catch (cause) {
    log('upload').warning(`There is no estimate: ${cause instanceof Error ? cause.message : cause}`, { task: task.id })
    return config.defaultEstTimeS
  }
}

/** RFC 7240: `respond-async` among the preferences, whatever parameters it has. */
function prefersAsync(prefer: string | undefined): boolean {
  return (prefer ?? '').split(',').some((part) => /^respond-async *(?:[;=]|$)/i.test(part.trim()))
}
