/**
 * The one place where a failure becomes an HTTP answer: a table that the compiler checks for completeness, text or
 * problem+json (RFC 9457) by Accept. What is not of the closed list is a 500 that says nothing about the inside.
 */
import type { Context } from 'hono'
import { type ErrorCode, RetraceError } from '../errors/errors.ts'
import { log } from '../telemetry/log.ts'
import { quote } from '../text/escape.ts'
import type { AppEnv } from './services.ts'
import { answer, prefersJson } from './answer.ts'

export interface Refusal {
  status: number
  title: string
}

export const REFUSALS = {
  'https-required': { status: 403, title: 'HTTPS is required' },
  'headers-too-large': { status: 431, title: 'The request headers are too large' },
  'bad-request': { status: 400, title: 'The request is not valid' },
  'not-found': { status: 404, title: 'There is nothing here' },
  'method-not-allowed': { status: 405, title: 'The method is not allowed here' },
  'unsupported-media-type': { status: 415, title: 'The Content-Type is not supported' },
  'unsupported-content-encoding': { status: 415, title: 'The Content-Encoding is not supported' },
  'unknown-task-type': { status: 400, title: 'The task type is not known' },
  'length-required': { status: 411, title: 'Content-Length is required' },
  'packed-too-large': { status: 413, title: 'The upload is too large' },
  'unpacked-too-large': { status: 413, title: 'The upload unpacks to too much' },
  'file-too-large': { status: 413, title: 'A file of the upload is too large' },
  'server-full': { status: 503, title: 'The server is fully occupied' },
  'draining': { status: 503, title: 'The server is stopping' },
  'no-space': { status: 507, title: 'There is not enough free space' },
  'bad-stream': { status: 400, title: 'The upload cannot be unpacked' },
  'not-a-core': { status: 400, title: 'The upload is no coredump' },
  'upload-timeout': { status: 408, title: 'The upload stalled' },
  'client-gone': { status: 400, title: 'The upload was cut off' },
  'bad-member': { status: 403, title: 'A member of the archive is not allowed' },
  'unknown-member': { status: 403, title: 'A member of the archive is not known' },
  'missing-member': { status: 403, title: 'A member of the archive is missing' },
  'bad-content': { status: 403, title: 'A member of the archive does not read as it must' },
  'no-such-task': { status: 404, title: 'There is no such task' },
  'wrong-password': { status: 403, title: 'The password of the task is missing or wrong' },
  'not-ready': { status: 404, title: 'The task has no such result' },
  'database-unavailable': { status: 503, title: 'The database is not available' },
  'spool-unavailable': { status: 503, title: 'The spool is not available' },
  'internal': { status: 500, title: 'The server made a mistake' },
} satisfies Record<ErrorCode, Refusal>

/** What the system says of a file system that is read-only, failing or forbidden, or of a process out of handles. */
const UNUSABLE = new Set(['EROFS', 'EACCES', 'EPERM', 'EIO', 'EMFILE', 'ENFILE'])

const PROBLEM = 'application/problem+json'

/** The answer for whatever a handler threw; a 5xx is logged here and nowhere else. */
export function errorResponse(error: unknown, c: Context<AppEnv>): Response {
  const known = toRetraceError(error)
  const refusal: Refusal = REFUSALS[known.code]
  if (refusal.status >= 500) logOnce(known, refusal, c)
  const headers = { ...(known.code === 'upload-timeout' && { Connection: 'close' }), ...known.headers }
  if (prefersJson(c, [PROBLEM, 'application/json'])) {
    return answer(`${JSON.stringify(problem(known))}\n`, { status: refusal.status, type: PROBLEM, headers })
  }
  return answer(`${sentence(known)}\n`, { status: refusal.status, headers })
}

/** The code of the closed list that a failure is answered with. */
export function codeOf(error: unknown): ErrorCode {
  return toRetraceError(error).code
}

/** The members of RFC 9457, and ours: `code` and, where a limit was hit, `limit`. */
export function problem(error: RetraceError): Record<string, unknown> {
  const { status, title }: Refusal = REFUSALS[error.code]
  return {
    type: 'about:blank',
    title,
    status,
    detail: sentence(error),
    code: error.code,
    ...(error.limit && { limit: error.limit }),
  }
}

/** What the caller reads: the error's own sentence, or the title of its code when it has none. */
export function sentence(error: RetraceError): string {
  return error.message === error.code ? REFUSALS[error.code].title : error.message
}

function toRetraceError(error: unknown): RetraceError {
  if (error instanceof RetraceError) return error
  const code = (error as { code?: unknown } | null)?.code
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'SQLITE_FULL') {
    return new RetraceError('no-space', { detail: 'The disk of the server is full; try again later', cause: error })
  }
  if (typeof code === 'string' && code.startsWith('SQLITE_')) {
    return new RetraceError('database-unavailable', {
      detail: 'The database of the server cannot be used at the moment; try again later',
      headers: { 'Retry-After': '30' },
      cause: error,
    })
  }
  if (typeof code === 'string' && UNUSABLE.has(code)) {
    return new RetraceError('spool-unavailable', {
      detail: 'The server cannot read or write its files at the moment; try again later',
      headers: { 'Retry-After': '30' },
      cause: error,
    })
  }
  return new RetraceError('internal', {
    detail: 'The server made a mistake and has logged it; try again, or tell its administrator when it was',
    cause: error,
  })
}

function logOnce(error: RetraceError, { status }: Refusal, c: Context<AppEnv>): void {
  const cause = error.cause instanceof Error ? error.cause.stack ?? error.cause.message : error.cause
  const line = `${status} ${error.code} for ${c.req.method} ${quote(c.req.path)}: ${sentence(error)}`
  if (cause === undefined) log('http').warning(line)
  else log('http').error(`${line}: ${String(cause)}`)
}
