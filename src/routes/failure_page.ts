/** How a failure is told: to a browser as a page, which asks for the password where that is what was missing; else as text. */
import type { Context } from 'hono'
import type { RetraceError } from '../errors/errors.ts'
import { errorResponse, sentence } from '../http/error_response.ts'
import { failureOf } from '../http/failure.ts'
import { answerPage, wantsPage } from '../http/page.ts'
import { type Refusal, REFUSALS } from '../http/refusals.ts'
import type { AppEnv, Services } from '../http/services.ts'
import { failurePage } from '../pages/failure.tsx'
import { loginPage } from '../pages/login.tsx'
import { openedId } from './open.ts'
import { siteOf } from './site.ts'

/** The answer for whatever a handler threw; counted here. */
export async function failureResponse(error: unknown, c: Context<AppEnv>, services: Services): Promise<Response> {
  const failure = failureOf(error)
  services.metrics.refusals.inc({ code: failure.code })
  const response = errorResponse(error, c)
  if (!wantsPage(c)) {
    response.headers.set('Vary', 'Accept')
    return response
  }
  services.metrics.pages.inc({ page: failure.code === 'wrong-password' ? 'login' : 'failure' })
  const site = siteOf(services, c.req.path)
  const { title }: Refusal = REFUSALS[failure.code]
  const html = failure.code === 'wrong-password'
    ? loginPage(site, login(failure, c))
    : failurePage(site, { status: response.status, title, sentence: sentence(failure) })
  const kept = Object.fromEntries(
    [...response.headers].filter(([name]) => /^(allow|retry-after|connection)$/.test(name)),
  )
  return await answerPage(c, html, { status: response.status, headers: kept })
}

function login(failure: RetraceError, c: Context<AppEnv>) {
  const opened = openedId(failure)
  return {
    id: opened ?? /^\/([1-9][0-9]*)(?:\/|$)/.exec(c.req.path)?.[1],
    complaint: opened !== undefined || c.req.header('X-Task-Password') !== undefined ? sentence(failure) : undefined,
    isFromElsewhere: c.req.header('Sec-Fetch-Site') === 'cross-site',
  }
}
