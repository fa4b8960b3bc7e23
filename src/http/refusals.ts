/**
 * The status and the title of each failure that a caller can be told about: the one table from failures to HTTP, which
 * the compiler checks for completeness.
 */
import type { ErrorCode } from '../errors/errors.ts'

export interface Refusal {
  status: number
  title: string
  /** Of the problem (RFC 9457, 3.1.1), where somebody has defined one; else `about:blank`. */
  type?: string
}

/** The problem types that the draft 'Resumable Uploads for HTTP' defines. */
const PROBLEMS = 'https://iana.org/assignments/http-problem-types#'

export const REFUSALS = {
  'https-required': { status: 403, title: 'HTTPS is required' },
  'foreign-origin': { status: 403, title: 'Another site asked for it' },
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
  'too-many-uploads': { status: 429, title: 'Too many uploads of one address at once' },
  'too-many-tasks': { status: 429, title: 'Too many tasks of one address at once' },
  'too-many-streams': { status: 429, title: 'Too many streams of one task, connection or address at once' },
  'too-many-requests': { status: 429, title: 'Too many requests of one address' },
  'draining': { status: 503, title: 'The server is stopping' },
  'no-space': { status: 507, title: 'There is not enough free space' },
  'bad-stream': { status: 400, title: 'The upload cannot be unpacked' },
  'not-a-core': { status: 400, title: 'The upload is no coredump' },
  'request-timeout': { status: 408, title: 'The request did not arrive in time' },
  'upload-timeout': { status: 408, title: 'The upload stalled' },
  'client-gone': { status: 499, title: 'The upload was cut off' },
  'no-such-upload': { status: 404, title: 'There is no such upload' },
  'upload-offset-mismatch': {
    status: 409,
    title: 'The offset is not that of the upload',
    type: `${PROBLEMS}mismatching-upload-offset`,
  },
  'upload-length-mismatch': {
    status: 400,
    title: 'The lengths of the upload contradict each other',
    type: `${PROBLEMS}inconsistent-upload-length`,
  },
  'upload-completed': { status: 410, title: 'The upload is complete already', type: `${PROBLEMS}completed-upload` },
  'upload-taken-over': { status: 409, title: 'Another request went on with the upload' },
  'bad-member': { status: 403, title: 'A member of the archive is not allowed' },
  'unknown-member': { status: 403, title: 'A member of the archive is not known' },
  'missing-member': { status: 403, title: 'A member of the archive is missing' },
  'bad-content': { status: 403, title: 'A member of the archive does not read as it must' },
  'no-such-task': { status: 404, title: 'There is no such task' },
  'wrong-password': { status: 403, title: 'The password of the task is missing or wrong' },
  'too-many-logins': { status: 429, title: 'Too many wrong passwords of one address' },
  'bad-memory': { status: 400, title: 'The memory that was sent is not what was wanted' },
  'no-memory-wanted': { status: 409, title: 'The task waits for no memory' },
  'not-ready': { status: 404, title: 'The task has no such result' },
  'database-unavailable': { status: 503, title: 'The database is not available' },
  'spool-unavailable': { status: 503, title: 'The spool is not available' },
  'store-unavailable': { status: 503, title: 'The packages have no place' },
  'not-equipped': { status: 503, title: 'The server lacks a program that it needs' },
  'unpacking-failed': { status: 503, title: 'The upload could not be unpacked here' },
  'internal': { status: 500, title: 'The server made a mistake' },
} satisfies Record<ErrorCode, Refusal>
