/**
 * POST /create (docs/http.md, 'POST /create'; docs/design.txt, chapter 2.1): headers, place, space, body, task, 201. An
 * upload is unpacked as it arrives, never held; a refused one is deleted before the answer leaves.
 */
import type { Context } from 'hono'
import { Hono } from 'hono'
import { describeRoute } from 'hono-openapi'
import { log } from '../telemetry/log.ts'
import { Arrival } from '../runner/arrival.ts'
import { taskBody } from '../runner/task_stream.ts'
import { pullStream } from '../stream/pull.ts'
import type { AppEnv, Services } from '../http/services.ts'
import type { Accepted } from '../spool/draft.ts'
import type { Task } from '../task/task.ts'
import { checkHeaders, CONTENT_TYPES, type UploadPlan } from '../upload/headers.ts'
import { pacedBody } from '../upload/pace.ts'
import { receive } from '../upload/receive.ts'
import { requestBody } from '../upload/request_body.ts'
import { answer, TEXT } from '../http/answer.ts'
import { refusals, textResponse } from '../http/description.ts'
import { clientKey } from '../http/client_key.ts'
import { ClientUploads } from '../http/client_uploads.ts'
import { headersSent } from '../http/headers_sent.ts'
import { methodNotAllowed } from '../http/method_not_allowed.ts'
import { clientAddress, hopOf } from '../http/proxy.ts'
import { missingPrograms } from '../health/equipment.ts'
import { notEquipped } from '../http/failure.ts'
import { count } from '../text/count.ts'

export function createRoutes(services: Services): Hono<AppEnv> {
  const { config, runner, metrics } = services
  const uploads = new ClientUploads(config)
  return new Hono<AppEnv>()
    .post('/create', describeCreate, async (c) => {
      const plan = checkHeaders({ get: (name) => c.req.header(name) ?? null }, config) // 415 400 411 413
      demandEquipped(config) //                                                           503
      const client = clientKey(clientAddress(hopOf(c.env.incoming), config.trustProxy))
      runner.demandRoom(client) //                                                        503 429
      using _upload = uploads.enter(client) //                                            429
      const arrival = new Arrival({ length: plan.contentLength, admit: () => runner.admit(client) })
      try {
        const accepted = await accept(c, { services, plan, arrival }) //                  507, 400 403 408 413 503
        const { task } = accepted
        metrics.uploads.inc()
        metrics.uploadBytes.inc(plan.contentLength)
        log('upload').info(`Accepted an upload (${plan.manifest}, ${count(plan.contentLength, 'byte')})`, {
          task: task.id,
        })
        const response = await createdResponse(c, { accepted, plan, services })
        // The task starts even if its caller has gone.
        void headersSent(c.env.outgoing).then(() => runner.start(task, arrival.place()))
        return response
      } catch (cause) {
        arrival[Symbol.dispose]()
        throw cause
      }
    })
    .all('/create', methodNotAllowed('POST'))
}

/** A task that could not run is not taken. Throws not-equipped. */
function demandEquipped(config: Services['config']): void {
  const missing = missingPrograms(config)
  if (missing.length > 0) throw notEquipped(new Error(`not installed: ${missing.join(', ')}`))
}

/** Receives the body into a draft and makes that a task; on any failure nothing of it is left. */
async function accept(
  c: Context<AppEnv>,
  { services, plan, arrival }: { services: Services; plan: UploadPlan; arrival: Arrival },
): Promise<Accepted> {
  const { config, spool } = services
  const reservation = spool.reserve(plan.contentLength)
  await using draft = await spool.draft(reservation)
  const { incoming, outgoing } = c.env
  // The headers have passed, so a client that asked whether to send the body is told to (RFC 9110, 10.1.1).
  if (incoming.headers.expect?.toLowerCase() === '100-continue') outgoing.writeContinue()
  const reading = new AbortController()
  try {
    const body = pacedBody(requestBody(incoming, config, reading.signal), config)
    await receive(arrival.watch(body), { plan, draft }, {
      config,
      // A worker takes a moment to load, so it starts while the core arrives.
      onCore: () => arrival.coreBegan(draft.file('worker.log')),
    })
  } finally {
    reading.abort()
  }
  arrival.place()
  return await draft.commit(plan.manifest)
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
  return new Response(body, { status: 201, headers: { 'Content-Type': TEXT, ...headers } })
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

const describeCreate = describeRoute({
  summary: 'Send a core and get a task',
  description: 'The body is a tar of the crash data files, or the core alone; see the content types.',
  parameters: [
    {
      name: 'Content-Encoding',
      in: 'header',
      required: false,
      description: 'How a core that is sent alone is compressed',
      schema: { type: 'string', enum: ['gzip', 'xz', 'zstd'] },
    },
    {
      name: 'X-Task-Type',
      in: 'header',
      required: false,
      description: 'Makes a tar have the members of the ABRT client; 0: the core of a user-space program',
      schema: { type: 'string', enum: ['0'] },
    },
    {
      name: 'Prefer',
      in: 'header',
      required: false,
      description: 'respond-async: the answer has no body',
      schema: { type: 'string' },
    },
  ],
  requestBody: {
    required: true,
    content: Object.fromEntries(
      CONTENT_TYPES.map((type) => [type, { schema: { type: 'string', format: 'binary' } as const }]),
    ),
  },
  responses: {
    201: textResponse('The task was accepted; the body is its log as it grows, its status and its backtrace', {
      'X-Task-Id': 'Number of the task',
      'X-Task-Password': 'Needed for everything that is asked about the task',
      'X-Task-Est-Time': 'Seconds that the task is expected to take',
      'Location': 'Path of the task',
      'Preference-Applied': 'respond-async, when that was preferred',
    }),
    ...refusals(
      'method-not-allowed',
      'unsupported-media-type',
      'unsupported-content-encoding',
      'unknown-task-type',
      'length-required',
      'packed-too-large',
      'server-full',
      'too-many-uploads',
      'too-many-tasks',
      'draining',
      'no-space',
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
      'not-equipped',
    ),
  },
})
