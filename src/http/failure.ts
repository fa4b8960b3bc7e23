/** Which failure of the closed list an error is, whoever threw it: ours, the system or the database. */
import { errnoOf } from '../errors/errno.ts'
import { RetraceError } from '../errors/errors.ts'
import { ProgramError, type ProgramFailure } from '../process/error.ts'

/** Codes of a file system that is read-only, failing or forbidden, and of a process that is out of file descriptors. */
const UNUSABLE = new Set(['EROFS', 'EACCES', 'EPERM', 'EIO', 'EMFILE', 'ENFILE'])

/** A program of ours that does not run, was killed from outside or takes no end: whatever it was given. */
const OUR_PROGRAMS = new Set<ProgramFailure>(['not-started', 'killed', 'timeout', 'not-ended'])

/** The failure that a caller is told about; an error that is not on the list reveals nothing of the server's inside. */
export function failureOf(error: unknown): RetraceError {
  if (error instanceof RetraceError) return error
  if (error instanceof ProgramError && OUR_PROGRAMS.has(error.kind)) return notEquipped(error)
  const code = errnoOf(error)
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'SQLITE_FULL') {
    return new RetraceError('no-space', { detail: 'The disk of the server is full; try again later', cause: error })
  }
  if (code?.startsWith('SQLITE_')) {
    return new RetraceError('database-unavailable', {
      detail: 'The database of the server cannot be used at the moment; try again later',
      headers: { 'Retry-After': '30' },
      cause: error,
    })
  }
  if (code !== undefined && UNUSABLE.has(code)) {
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

/** What is missing or broken stands in the log and in `--check`: a stranger is told no more than that it is. */
export function notEquipped(cause: Error): RetraceError {
  return new RetraceError('not-equipped', {
    detail: 'A program that this server needs is missing or does not work; its administrator finds out which one by ' +
      'abrt-retrace-server --check',
    headers: { 'Retry-After': '60' },
    cause,
  })
}
