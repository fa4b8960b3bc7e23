/**
 * POST /<id>/memory: what the debugger missed of a slim core, from a client that said at the start that it would send such
 * (docs/http.md, 'POST /<id>/memory'). What came is on the disk before the answer; then the worker runs again.
 */
import type { Context } from 'hono'
import { Hono } from 'hono'
import { describeRoute } from 'hono-openapi'
import { RetraceError } from '../errors/errors.ts'
import { answer } from '../http/answer.ts'
import { refusals, TASK_FAILURES, taskParameters, textResponse } from '../http/description.ts'
import { methodNotAllowed } from '../http/method_not_allowed.ts'
import type { AppEnv, Services } from '../http/services.ts'
import type { MemoryTurn } from '../runner/rounds.ts'
import { outOfSpace } from '../spool/free_space.ts'
import { readWanted, writeMemory } from '../task/rounds.ts'
import type { Task } from '../task/task.ts'
import { log } from '../telemetry/log.ts'
import { count } from '../text/count.ts'
import { memoryLength, parseMemory } from '../upload/memory_records.ts'
import { pacedBody } from '../upload/pace.ts'
import { clientGone, requestBody } from '../upload/request_body.ts'
import { TASK_PATH, taskOf } from './task_access.ts'

export function memoryRoutes(services: Services): Hono<AppEnv> {
  const { runner } = services
  return new Hono<AppEnv>()
    .post(`${TASK_PATH}/memory`, describeMemory, async (c) => {
      const task = taskOf(c, services) //                                                 404 403
      const length = memoryLength({ get: (name) => c.req.header(name) ?? null }) // 415 411 413
      using turn = runner.memoryTurn(task.id)
      if (turn === undefined) throw notWanted() //                                        409
      return await take(c, { task, length, turn, services })
    })
    .all(`${TASK_PATH}/memory`, methodNotAllowed('POST'))
}

async function take(
  c: Context<AppEnv>,
  { task, length, turn, services }: { task: Task; length: number; turn: MemoryTurn; services: Services },
): Promise<Response> {
  const wanted = readWanted(task)
  if (wanted === undefined) throw notWanted()
  const { incoming, outgoing } = c.env
  if (incoming.headers.expect?.toLowerCase() === '100-continue') outgoing.writeContinue()
  const body = new Uint8Array(length)
  let at = 0
  for await (const chunk of pacedBody(requestBody(incoming, services.config, turn.signal), services.config)) { //  408
    body.set(chunk.subarray(0, length - at), at)
    at += chunk.length
  }
  if (turn.signal.aborted) throw notWanted()
  if (at < length) throw clientGone()
  const memory = parseMemory(body, [...wanted.ranges, ...wanted.within ?? []]) //                                      400
  const bytes = memory.reduce((sum, each) => sum + each.bytes.length, 0)
  if (bytes === 0) {
    if (!turn.giveUp()) throw notWanted()
    return answer('No memory came; the task ends with what it has\n', { status: 202 })
  }
  // A task whose time is over meanwhile would end, and be tidied up, before all of it is written.
  if (!turn.hold()) throw notWanted()
  await writeMemory(task, body).catch((cause) => {
    if (turn.signal.aborted) throw notWanted()
    throw outOfSpace(cause) //                                                            507
  })
  if (!turn.goOn()) throw notWanted()
  log('task').info(`Got ${count(bytes, 'byte')} of memory for round ${wanted.round}`, { task: task.id })
  return answer(`${count(bytes, 'byte')} of memory came; the task runs again\n`, { status: 202 })
}

function notWanted(): RetraceError {
  return new RetraceError('no-memory-wanted', {
    detail:
      'The task waits for no memory: it runs, has ended, has waited too long (RETRACE_ROUND_WAIT_S), or gets it just now',
  })
}

const describeMemory = describeRoute({
  summary: 'Send memory that the debugger missed of a slim core, and have it asked again',
  description: 'Records of an address (8 bytes) and a length (4 bytes), both big-endian, each followed by its bytes; ' +
    'all within `wanted` of the status. An empty body has none: the task ends with what it has.',
  parameters: taskParameters,
  requestBody: {
    required: true,
    content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
  },
  responses: {
    202: textResponse('The task goes on'),
    ...refusals(
      ...TASK_FAILURES,
      'foreign-origin',
      'unsupported-media-type',
      'length-required',
      'packed-too-large',
      'no-memory-wanted',
      'bad-memory',
      'upload-timeout',
      'no-space',
    ),
  },
})
