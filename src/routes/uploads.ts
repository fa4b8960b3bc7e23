/**
 * Uploads in parts (docs/http.md, 'Uploads in parts'): POST /create with `Upload-Complete: ?0` makes one, and its own address takes
 * the rest. Whoever knows the address may go on with it: nobody can guess it, and it is never logged.
 */
import type { Context } from 'hono'
import { Hono } from 'hono'
import { RetraceError } from '../errors/errors.ts'
import { answer } from '../http/answer.ts'
import { clientKey } from '../http/client_key.ts'
import { methodNotAllowed } from '../http/method_not_allowed.ts'
import { clientAddress, hopOf } from '../http/proxy.ts'
import { REFUSALS } from '../http/refusals.ts'
import type { AppEnv, Services } from '../http/services.ts'
import type { PartialUpload } from '../spool/partial_upload.ts'
import { readFileChunks } from '../stream/file.ts'
import { checkHeaders, type RequestHead, type UploadPlan } from '../upload/headers.ts'
import { pacedBody } from '../upload/pace.ts'
import type { Turn } from '../upload/partial_uploads.ts'
import {
  type Appending,
  checkAppend,
  lengthMismatch,
  readAppending,
  roomFor,
  takenOver,
} from '../upload/partial_append.ts'
import { receive } from '../upload/receive.ts'
import { requestBody } from '../upload/request_body.ts'
import { PARTIAL_TYPE, uploadLimit, uploadNumber } from '../upload/upload_fields.ts'
import { begin, demandEquipped } from './created.ts'
import { describeAppend, describeEnd, describeMethods, describeState } from './uploads_description.ts'

const PATH = '/uploads/:address'
const METHODS = ['GET', 'PATCH', 'DELETE', 'OPTIONS'] as const
/** What leaves an upload as it is, so that it can be gone on with: the server's own troubles, and these. */
const PASSING = new Set(['too-many-tasks', 'upload-taken-over', 'client-gone', 'upload-timeout'])

export function uploadRoutes(services: Services): Hono<AppEnv> {
  const { partials, runner } = services
  return new Hono<AppEnv>()
    .get(PATH, describeState, async (c) => {
      using turn = await partials.enter(c.req.param('address'))
      return await stateOf(turn, services)
    })
    .patch(PATH, describeAppend, async (c) => {
      const appending = readAppending(headOf(c)) //                                       415 400
      runner.demandOpen() //                                                              503
      using turn = await partials.enter(c.req.param('address')) //                        404
      return await append(c, turn, { services, appending })
    })
    .delete(PATH, describeEnd, async (c) => {
      using turn = await partials.enter(c.req.param('address'), { ends: 'all' })
      await partials.remove(turn)
      return answer('', { status: 204 })
    })
    .options(PATH, describeMethods, () => {
      return answer('', { status: 204, headers: { 'Allow': METHODS.join(', '), 'Accept-Patch': PARTIAL_TYPE } })
    })
    .all(PATH, methodNotAllowed(...METHODS))
}

/** A request's header fields, by name; a body of HTTP/2 that says no length is as one that is chunked. */
export function headOf(c: Context<AppEnv>): RequestHead {
  const { incoming } = c.env
  const isOpen = 'stream' in incoming && incoming.headers['content-length'] === undefined &&
    !incoming.stream.endAfterHeaders
  return { get: (name) => c.req.header(name) ?? (isOpen && name === 'transfer-encoding' ? 'chunked' : null) }
}

/** POST /create with `Upload-Complete: ?0`: an upload with its own address, and with what this request brings of it already. */
export async function createPartial(c: Context<AppEnv>, services: Services): Promise<Response> {
  const { config, partials, runner } = services
  const head = headOf(c)
  const length = uploadNumber(head, 'upload-length')
  const plan = planOf(head, length, services) //                                          415 400 413
  await demandEquipped(services) //                                                       503
  runner.demandOpen() //                                                                  503
  const client = clientKey(clientAddress(hopOf(c.env.incoming), config.trustProxy))
  const { manifest, packaging, encoding, rounds } = plan
  const { address, upload } = await partials.create({ //                                  503 429 507
    manifest,
    packaging,
    encoding,
    client,
    ...(length !== undefined && { length }),
    ...(rounds !== undefined && { rounds }),
  })
  const headers = () => ({ ...fieldsOf(upload, services), Location: `/uploads/${address}` })
  using turn = await partials.enter(address)
  try {
    await read(c, turn, { services, appending: { offset: 0, isLast: false, length, ...contentOf(head) } })
  } catch (cause) {
    // Where the headers of the answer do not arrive nobody learns the address, and the upload ends by its age.
    throw await spoiled(cause, turn, { services, headers })
  }
  return answer('', { status: 201, headers: headers() })
}

/** PATCH: what it brings is appended, and with the end of the upload comes its task. */
async function append(
  c: Context<AppEnv>,
  turn: Turn,
  { services, appending }: { services: Services; appending: Appending },
): Promise<Response> {
  const { upload } = turn
  const headers = () => fieldsOf(upload, services)
  try {
    checkAppend(upload, appending, services.config) //                                    410 400 409 413 411
  } catch (cause) {
    throw withLimit(cause, headers())
  }
  try {
    const { length } = appending
    if (length !== undefined && upload.head.length === undefined) await upload.announceLength(length)
    await read(c, turn, { services, appending })
  } catch (cause) {
    throw await spoiled(cause, turn, { services, headers })
  }
  if (!appending.isLast) return answer('', { status: 204, headers: headers() })
  try {
    return await finish(c, turn, services)
  } catch (cause) {
    throw await spoiled(cause, turn, { services, headers, isWhole: true })
  }
}

/** Reads the body of a request into the upload. Throws as `POST /create` does, and upload-taken-over. */
async function read(
  c: Context<AppEnv>,
  turn: Turn,
  { services: { config, runner }, appending }: { services: Services; appending: Appending },
): Promise<void> {
  const { upload, stop, reservation } = turn
  const { incoming, outgoing } = c.env
  if (appending.contentLength === 0) return
  if (incoming.headers.expect?.toLowerCase() === '100-continue') outgoing.writeContinue()
  const body = pacedBody(requestBody(incoming, config, stop), config)
  try {
    await upload.append(roomFor(body, upload, { appending, config }), reservation)
  } catch (cause) {
    if (!stop.aborted) throw cause
  }
  if (!stop.aborted) return
  runner.demandOpen()
  throw takenOver(upload.offset)
}

/** Unpacks what is here into a task, and answers as POST /create does. */
async function finish(c: Context<AppEnv>, turn: Turn, services: Services): Promise<Response> {
  const { config, runner, spool, partials, unpacker } = services
  const { upload, stop } = turn
  turn.isReading = false
  await demandEquipped(services)
  const { manifest, packaging, encoding, rounds } = upload.head
  const plan: UploadPlan = {
    ...{ manifest, packaging, encoding, contentLength: upload.offset },
    ...(rounds !== undefined && { rounds }),
  }
  const admission = runner.admit(upload.head.client)
  try {
    await using draft = await spool.draft(spool.reserve(upload.offset))
    const body = untilStopped(readFileChunks(upload.body), upload, stop)
    const onCore = () => admission.prestart(draft.directory)
    await receive(body, { plan, draft }, { config, unpacker, onCore })
    const accepted = await draft.commit(plan.manifest, async (id) => await upload.announceTask(id))
    // From here on nothing may fail: the task is there.
    await partials.complete(turn)
    const response = await begin(c, { accepted, plan, services, admission })
    response.headers.set('Upload-Complete', '?1')
    return response
  } catch (cause) {
    admission[Symbol.dispose]()
    throw cause
  }
}

/** Ends with upload-taken-over once somebody else wants the upload. */
async function* untilStopped(
  chunks: AsyncIterable<Uint8Array>,
  upload: PartialUpload,
  stop: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    if (stop.aborted) throw takenOver(upload.offset)
    yield chunk
  }
}

/**
 * What became of an upload whose request failed: it stays where it can be gone on with, and is gone where what was sent is to
 * blame. The failure says which (`Upload-Complete`), and how much is here.
 */
async function spoiled(
  cause: unknown,
  turn: Turn,
  { services, headers, isWhole = false }: {
    services: Services
    headers: () => Record<string, string>
    isWhole?: boolean
  },
): Promise<unknown> {
  const { partials } = services
  const { upload } = turn
  if (isWhole && upload.task !== undefined && partials.taskOf(upload) === undefined) await upload.forgetTask()
  if (!(cause instanceof RetraceError)) return cause
  if (PASSING.has(cause.code) || REFUSALS[cause.code].status >= 500) return cause.withHeaders(headers())
  await partials.remove(turn)
  return withLimit(cause, headers()).withHeaders({ 'Upload-Complete': isWhole ? '?1' : '?0' })
}

/** The draft demands the limits beside a 413 that comes of them. */
function withLimit<Cause>(cause: Cause, { 'Upload-Limit': limit = '' }: Record<string, string>): Cause | RetraceError {
  const isLimit = cause instanceof RetraceError && cause.code === 'packed-too-large'
  return isLimit ? cause.withHeaders({ 'Upload-Limit': limit }) : cause
}

/** HEAD: how much is here, and, of one that is complete, its task. */
async function stateOf({ upload }: Turn, services: Services): Promise<Response> {
  const { partials } = services
  const task = partials.taskOf(upload)
  const password = task?.text('password')
  if (upload.task !== undefined && (task === undefined || password === undefined)) {
    await partials.remove({ upload })
    throw new RetraceError('no-such-upload', { detail: 'The task that this upload has become is gone' })
  }
  return answer('', {
    status: 204,
    headers: {
      ...fieldsOf(upload, services),
      ...(task && password && { 'X-Task-Id': task.id, 'X-Task-Password': password, 'Location': `/${task.id}` }),
    },
  })
}

function fieldsOf(upload: PartialUpload, { config, partials }: Services): Record<string, string> {
  const { length } = upload.head
  return {
    'Upload-Complete': upload.task === undefined ? '?0' : '?1',
    'Upload-Offset': String(upload.offset),
    ...(length !== undefined && { 'Upload-Length': String(length) }),
    'Upload-Limit': uploadLimit({ maxPackedMb: config.maxPackedMb, seconds: partials.secondsLeft(upload) }),
  }
}

/** What the headers of a first request announce, with the length of the whole in the place of its own. */
function planOf(head: RequestHead, length: number | undefined, { config }: Services): UploadPlan {
  const seen = new Map([['content-length', String(length ?? 0)], ['transfer-encoding', null]])
  const limit = uploadLimit({ maxPackedMb: config.maxPackedMb, seconds: config.uploadLifeS })
  const { contentLength = 0 } = contentOf(head)
  if (length !== undefined && contentLength > length) throw lengthMismatch(length, contentLength)
  try {
    if (length === undefined && contentLength > 0) seen.set('content-length', String(contentLength))
    return checkHeaders({ get: (name) => seen.has(name) ? seen.get(name) ?? null : head.get(name) }, config)
  } catch (cause) {
    throw withLimit(cause, { 'Upload-Limit': limit })
  }
}

/** Undefined: it is chunked, and ends where it ends. */
function contentOf(head: RequestHead): { contentLength?: number } {
  if (head.get('transfer-encoding') !== null) return {}
  const length = Number(head.get('content-length') ?? 0)
  return { contentLength: Number.isSafeInteger(length) ? length : 0 }
}
