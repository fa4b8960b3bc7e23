/**
 * The one place where a failure becomes an answer: one sentence of text, or problem+json (RFC 9457) by Accept. A 5xx is
 * logged here and nowhere else.
 */
import type { Context } from 'hono'
import { RetraceError } from '../errors/errors.ts'
import { log } from '../telemetry/log.ts'
import { createRepeats } from '../telemetry/repeats.ts'
import { count } from '../text/count.ts'
import { quote } from '../text/escape.ts'
import { answer, type AnswerOptions, prefersJson } from './answer.ts'
import { clientKey } from './client_key.ts'
import { failureOf } from './failure.ts'
import { loggedPath } from './logged_path.ts'
import { type Refusal, REFUSALS } from './refusals.ts'
import type { AppEnv } from './services.ts'

const PROBLEM = 'application/problem+json'

/** One address that is refused all the time is worth two lines a minute, not thousands. */
const repeated = createRepeats((kind, times) =>
  log('http').warning(`${count(times, 'more answer')} ${kind} within a minute`)
)

/** Tells what has not been told yet, at the end of a server. */
export const tellRefusals = (): void => repeated.flush()

/** The answer for whatever a handler threw. */
export function errorResponse(error: unknown, c: Context<AppEnv>): Response {
  const failure = failureOf(error)
  logOnce(failure, `${c.req.method} ${quote(loggedPath(c.req.path))}`, c.env.incoming?.socket.remoteAddress)
  if (!prefersJson(c, [PROBLEM, 'application/json'])) return answer(...inText(failure))
  const [, { status, headers = {} }] = inText(failure)
  return answer(`${JSON.stringify(problem(failure))}\n`, { status, type: PROBLEM, headers })
}

/** The answer for what failed outside of every handler, where nobody knows any more what was asked. */
export function plainErrorResponse(error: unknown): Response {
  const failure = failureOf(error)
  logOnce(failure, 'a request')
  return answer(...inText(failure))
}

/** The body and the rest of the answer that says a failure in one sentence. */
export function inText(failure: RetraceError): [body: string, options: AnswerOptions & { status: number }] {
  const { status }: Refusal = REFUSALS[failure.code]
  const headers = { ...(status === 408 && { Connection: 'close' }), ...failure.headers }
  return [`${sentence(failure)}\n`, { status, headers }]
}

/** The members of RFC 9457, and ours: `code` and, where a limit was hit, `limit`. */
function problem(failure: RetraceError): Record<string, unknown> {
  const { status, title, type = 'about:blank' }: Refusal = REFUSALS[failure.code]
  return {
    type,
    title,
    status,
    detail: sentence(failure),
    code: failure.code,
    ...(failure.limit && { limit: failure.limit }),
    ...failure.members,
  }
}

/** What the caller reads: the failure's own sentence, or the title of its code when it has none. */
export function sentence(failure: RetraceError): string {
  return failure.message === failure.code ? REFUSALS[failure.code].title : failure.message
}

function logOnce(failure: RetraceError, asked: string, address = '?'): void {
  const { status }: Refusal = REFUSALS[failure.code]
  if (status < 500) return
  if (!repeated.add(`${status} ${failure.code} to ${quote(clientKey(address))}${originOf(failure)}`)) return
  const cause = failure.cause instanceof Error ? failure.cause.stack ?? failure.cause.message : failure.cause
  const line = `${status} ${failure.code} for ${asked}: ${sentence(failure)}`
  if (cause === undefined) log('http').warning(line)
  else log('http').error(`${line}: ${String(cause)}`)
}

/** Where a mistake was made, and of what kind it is, so that another one is told, too: without what differs from task to task. */
function originOf({ message, cause }: RetraceError): string {
  const [, place = ''] = cause instanceof Error ? /^ +(at .*)$/m.exec(cause.stack ?? '') ?? [] : []
  const reason = cause instanceof Error ? cause.message : message
  return ` (${[constantPart(reason), place].filter((part) => part !== '').join(', ')})`
}

/** Of a reason, in one short line: no path, number, address or name in quotes. */
function constantPart(reason: string): string {
  return reason.split('\n', 1)[0]?.slice(0, 200).replace(/'[^']*'|\S*[\d/]\S*/g, '...') ?? ''
}
