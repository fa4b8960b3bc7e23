/**
 * Errors on their way from one thread to another: the structured clone of an error keeps neither its class nor the code of the
 * system. Pure.
 */
import { asError, errnoOf, MAX_CAUSES } from '../errors/errno.ts'
import { type ErrorCode, type Limit, RetraceError } from '../errors/errors.ts'
import { ProgramError, type ProgramFailure } from './error.ts'

interface About {
  message: string
  stack: string | undefined
  /** A text, where the cause is no error. */
  cause?: CarriedError | string | undefined
}

export type CarriedError =
  & About
  & (
    | {
      kind: 'retrace'
      code: ErrorCode
      limit: Limit | undefined
      headers: Record<string, string>
      members: Record<string, number>
    }
    | { kind: 'program'; failure: ProgramFailure; complaint: string; signal: string | undefined }
    | { kind: 'other'; name: string; errno: string | undefined }
  )

/** What of an error can be sent. */
export function carry(error: unknown, depth = 0): CarriedError {
  const { message, stack, name, cause } = asError(error)
  const about: About = { message, stack, cause: depth < MAX_CAUSES ? carriedCause(cause, depth) : undefined }
  if (error instanceof RetraceError) {
    const { code, limit, headers, members } = error
    return { ...about, kind: 'retrace', code, limit, headers, members }
  }
  if (error instanceof ProgramError) {
    const { kind: failure, complaint, signal } = error
    return { ...about, kind: 'program', failure, complaint, signal }
  }
  return { ...about, kind: 'other', name, errno: errnoOf(error) }
}

/** The error that was sent. */
export function unpackError(carried: CarriedError): Error {
  const { message, stack, cause: sent } = carried
  const cause = typeof sent === 'object' ? unpackError(sent) : sent
  const error = madeOf(carried, message, cause)
  if (stack !== undefined) error.stack = stack
  return error
}

function carriedCause(cause: unknown, depth: number): CarriedError | string | undefined {
  if (cause === undefined || typeof cause === 'string') return cause
  return carry(cause, depth + 1)
}

function madeOf(carried: CarriedError, message: string, cause: Error | string | undefined): Error {
  switch (carried.kind) {
    case 'retrace': {
      const { code, limit, headers, members } = carried
      return new RetraceError(code, { detail: message, headers, members, cause, ...(limit && { limit }) })
    }
    case 'program':
      return new ProgramError(carried.failure, message, {
        cause,
        complaint: carried.complaint,
        signal: carried.signal,
      })
    case 'other': {
      const error = new Error(message, cause === undefined ? undefined : { cause })
      error.name = carried.name
      return carried.errno === undefined ? error : Object.assign(error, { code: carried.errno })
    }
  }
}
