/**
 * POST /create (docs/http.md, 'POST /create'; docs/design.txt, chapter 2.1): headers, place, space, body, task, 201. An
 * upload is unpacked as it arrives, never held; a refused one is deleted before the answer leaves.
 */
import type { Context } from 'hono'
import { Hono } from 'hono'
import { describeRoute } from 'hono-openapi'
import { Arrival } from '../runner/arrival.ts'
import type { AppEnv, Services } from '../http/services.ts'
import type { Accepted } from '../spool/draft.ts'
import { checkHeaders, CONTENT_TYPES, type UploadPlan } from '../upload/headers.ts'
import { pacedBody } from '../upload/pace.ts'
import { receive } from '../upload/receive.ts'
import { requestBody } from '../upload/request_body.ts'
import { answer } from '../http/answer.ts'
import { refusals, textResponse } from '../http/description.ts'
import { clientKey } from '../http/client_key.ts'
import { methodNotAllowed } from '../http/method_not_allowed.ts'
import { clientAddress, hopOf } from '../http/proxy.ts'
import { PARTIAL_TYPE, uploadComplete, uploadLimit } from '../upload/upload_fields.ts'
import { begin, BODY_FAILURES, demandEquipped } from './created.ts'
import { createPartial, headOf } from './uploads.ts'

export function createRoutes(services: Services): Hono<AppEnv> {
  const { config, runner, uploads } = services
  return new Hono<AppEnv>()
    .post('/create', describeCreate, async (c) => {
      if (uploadComplete(headOf(c)) === false) return await createPartial(c, services)
      const plan = checkHeaders(headOf(c), config) // 415 400 411 413
      await demandEquipped(services) //                                                   503
      const client = clientKey(clientAddress(hopOf(c.env.incoming), config.trustProxy))
      runner.demandRoom(client) //                                                        503 429
      using _upload = uploads.enter(client) //                                            429
      const arrival = new Arrival({ length: plan.contentLength, admit: () => runner.admit(client) })
      try {
        const accepted = await accept(c, { services, plan, arrival }) //                  507, 400 403 408 413 503
        return await begin(c, { accepted, plan, services, admission: arrival.place() })
      } catch (cause) {
        arrival[Symbol.dispose]()
        throw cause
      }
    })
    .options('/create', describeOptions, () => {
      const limit = uploadLimit({ maxPackedMb: config.maxPackedMb, seconds: config.uploadLifeS })
      return answer('', {
        status: 204,
        headers: { 'Allow': 'POST, OPTIONS', 'Accept-Patch': PARTIAL_TYPE, 'Upload-Limit': limit },
      })
    })
    .all('/create', methodNotAllowed('POST', 'OPTIONS'))
}

/** Receives the body into a draft and makes that a task; on any failure nothing of it is left. */
async function accept(
  c: Context<AppEnv>,
  { services, plan, arrival }: { services: Services; plan: UploadPlan; arrival: Arrival },
): Promise<Accepted> {
  const { config, spool, unpacker } = services
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
      unpacker,
      // A worker takes a moment to load, so it starts while the core arrives.
      onCore: () => arrival.coreBegan(draft.directory),
    })
  } finally {
    reading.abort()
  }
  arrival.place()
  return await draft.commit(plan.manifest)
}

const describeOptions = describeRoute({
  summary: 'Whether an upload may come in parts, and within which limits',
  responses: {
    204: {
      description: 'It may (draft-ietf-httpbis-resumable-upload)',
      headers: {
        'Allow': { description: 'The methods of this path', schema: { type: 'string' } },
        'Accept-Patch': { description: PARTIAL_TYPE, schema: { type: 'string' } },
        'Upload-Limit': { description: 'max-size in bytes, max-age in seconds', schema: { type: 'string' } },
      },
    },
    ...refusals(),
  },
})

const describeCreate = describeRoute({
  summary: 'Send a core and get a task',
  description:
    'The body is a tar of the crash data files, or the core alone; see the content types. With Upload-Complete: ?0 it is the ' +
    'beginning of an upload in parts, or none of it yet, and Location names where the rest goes.',
  parameters: [
    {
      name: 'Upload-Complete',
      in: 'header',
      required: false,
      description: '?0: the upload comes in parts (draft-ietf-httpbis-resumable-upload)',
      schema: { type: 'string' },
    },
    {
      name: 'Upload-Length',
      in: 'header',
      required: false,
      description: 'Bytes of an upload that comes in parts',
      schema: { type: 'string' },
    },
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
      name: 'X-Task-Rounds',
      in: 'header',
      required: false,
      description: 'How often the client would send memory that a slim core lacks, see POST /<id>/memory',
      schema: { type: 'integer', minimum: 0 },
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
      'Location': 'Path of the task; of the upload, where that comes in parts',
      'Upload-Limit': 'Of an upload in parts: max-size in bytes, max-age in seconds',
      'Upload-Offset': 'Of an upload in parts: bytes that are here',
      'Upload-Complete': '?0: of an upload in parts',
      'Preference-Applied': 'respond-async, when that was preferred',
    }),
    ...refusals(
      'foreign-origin',
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
      'upload-length-mismatch',
      'upload-taken-over',
      ...BODY_FAILURES,
    ),
  },
})
