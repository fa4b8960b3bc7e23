/**
 * POST /open: a task's number and password from a form, for the cookie that the task's pages ask for. POST /<id>/leave takes it
 * back (docs/http.md, 'Pages').
 */
import type { Context } from 'hono'
import { Hono } from 'hono'
import { describeRoute } from 'hono-openapi'
import { RetraceError } from '../errors/errors.ts'
import { clientKey } from '../http/client_key.ts'
import { refusals, TASK_FAILURES, taskParameters } from '../http/description.ts'
import { LoginAttempts } from '../http/login_attempts.ts'
import { methodNotAllowed } from '../http/method_not_allowed.ts'
import { seeOther } from '../http/page.ts'
import { clientAddress, hopOf } from '../http/proxy.ts'
import type { AppEnv, Services } from '../http/services.ts'
import { endedCookie, sessionCookie } from '../http/session.ts'
import { authorize } from '../task/password.ts'
import { basePath } from './site.ts'
import { TASK_PATH } from './task_access.ts'

const FORM = 'application/x-www-form-urlencoded'
/** Of the body: a number and a password. */
const MAX_BYTES = 4096

export function openRoutes(services: Services): Hono<AppEnv> {
  const { config, spool, metrics } = services
  const attempts = new LoginAttempts()
  const base = basePath(config)
  return new Hono<AppEnv>()
    .post('/open', describeOpen, async (c) => {
      const client = clientKey(clientAddress(hopOf(c.env.incoming), config.trustProxy))
      attempts.demandPatience(client) //                   429
      const form = await formOf(c) //                      415 411 413
      // Others may have come meanwhile: from here on nothing waits.
      attempts.demandPatience(client)
      const id = form.get('id')?.trim() ?? ''
      const password = form.get('password')?.trim() ?? ''
      try {
        const task = spool.find(id) //                     404
        authorize(task, password) //                       403
      } catch (cause) {
        attempts.wrong(client)
        metrics.logins.inc({ result: 'refused' })
        throw cause instanceof RetraceError && cause.code === 'wrong-password' ? wrong(id) : cause
      }
      metrics.logins.inc({ result: 'opened' })
      return seeOther(id, { 'Set-Cookie': sessionCookie(id, password, base) })
    })
    .all('/open', methodNotAllowed('POST'))
    .post(
      `${TASK_PATH}/leave`,
      describeLeave,
      (c) => seeOther('../', { 'Set-Cookie': endedCookie(c.req.param('id'), base) }),
    )
    .all(`${TASK_PATH}/leave`, methodNotAllowed('POST'))
}

/** Which task a refused form was about: its page asks again. */
export function openedId(failure: RetraceError): string | undefined {
  return failure.cause instanceof WrongForm ? failure.cause.id : undefined
}

class WrongForm extends Error {
  readonly id: string

  constructor(id: string) {
    super(`The form of task ${id}`)
    this.id = id
  }
}

function wrong(id: string): RetraceError {
  return new RetraceError('wrong-password', {
    detail: `That is not the password of task ${id}`,
    cause: new WrongForm(id),
  })
}

async function formOf(c: Context<AppEnv>): Promise<URLSearchParams> {
  const [type = ''] = (c.req.header('Content-Type') ?? '').split(';')
  if (type.trim().toLowerCase() !== FORM) {
    throw new RetraceError('unsupported-media-type', { detail: `A form is expected here, as ${FORM}` })
  }
  const length = Number(c.req.header('Content-Length') ?? NaN)
  if (Number.isNaN(length)) throw new RetraceError('length-required', { detail: 'Content-Length is required' })
  if (length > MAX_BYTES) {
    throw new RetraceError('packed-too-large', { detail: `A form of ${MAX_BYTES} bytes at most is expected here` })
  }
  return new URLSearchParams(await c.req.text())
}

const form = {
  type: 'object' as const,
  required: ['id', 'password'],
  properties: { id: { type: 'string' as const }, password: { type: 'string' as const } },
}
const cookie = {
  'Set-Cookie': { schema: { type: 'string' as const } },
  'Location': { schema: { type: 'string' as const } },
}

const describeOpen = describeRoute({
  summary: 'Open a task in a browser: a cookie for its pages',
  requestBody: { required: true, content: { [FORM]: { schema: form } } },
  responses: {
    303: { description: "To the task's page, with the cookie for its paths", headers: cookie },
    ...refusals(
      ...TASK_FAILURES,
      'foreign-origin',
      'unsupported-media-type',
      'length-required',
      'packed-too-large',
      'too-many-logins',
    ),
  },
})

const describeLeave = describeRoute({
  summary: 'Take the cookie back that POST /open gave',
  parameters: taskParameters,
  responses: {
    303: { description: 'To GET /', headers: cookie },
    ...refusals('foreign-origin'),
  },
})
