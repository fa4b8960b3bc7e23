/**
 * The closed list of failures that a caller can be told about, and the one error class that carries them.
 * `src/http/refusals.ts` maps every code to an HTTP answer, once; the compiler demands a row for each.
 * A failed retrace is not here: it is a task's result (`outcome.json`), never an exception.
 */
export type ErrorCode =
  | 'https-required'
  | 'foreign-origin'
  | 'headers-too-large'
  | 'bad-request'
  | 'not-found'
  | 'method-not-allowed'
  | 'unsupported-media-type'
  | 'unsupported-content-encoding'
  | 'unknown-task-type'
  | 'length-required'
  | 'packed-too-large'
  | 'unpacked-too-large'
  | 'file-too-large'
  | 'server-full'
  | 'too-many-uploads'
  | 'too-many-tasks'
  | 'too-many-streams'
  | 'too-many-requests'
  | 'draining'
  | 'no-space'
  | 'bad-stream'
  | 'not-a-core'
  | 'request-timeout'
  | 'upload-timeout'
  | 'client-gone'
  | 'no-such-upload'
  | 'upload-offset-mismatch'
  | 'upload-length-mismatch'
  | 'upload-completed'
  | 'upload-taken-over'
  | 'bad-member'
  | 'unknown-member'
  | 'missing-member'
  | 'bad-content'
  | 'no-such-task'
  | 'wrong-password'
  | 'too-many-logins'
  | 'not-ready'
  | 'bad-memory'
  | 'no-memory-wanted'
  | 'database-unavailable'
  | 'spool-unavailable'
  | 'store-unavailable'
  | 'not-equipped'
  | 'unpacking-failed'
  | 'internal'

/** The limit that was hit, as problem+json shows it. */
export interface Limit {
  /** Name of the setting, e.g. `RETRACE_MAX_PACKED_MB`. */
  setting: string
  value: number
  /** `MiB`, `KiB`, `s`, `tasks`. */
  unit: string
}

export interface RetraceErrorOptions {
  /** The sentence for the caller. Client-made text in it must have gone through `quote()`. */
  detail?: string
  limit?: Limit
  /** Extra response headers, e.g. `Allow`, `Retry-After`. */
  headers?: Record<string, string>
  /** Extension members of problem+json, by the names that the problem's type gives them. */
  members?: Record<string, number>
  cause?: unknown
}

/** A failure of the closed list. Its `message` is the sentence that the caller reads; `cause` is kept for the log. */
export class RetraceError extends Error {
  override name = 'RetraceError'
  readonly code: ErrorCode
  readonly limit: Limit | undefined
  readonly headers: Record<string, string>
  readonly members: Record<string, number>

  constructor(code: ErrorCode, options: RetraceErrorOptions = {}) {
    super(options.detail ?? code, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.limit = options.limit
    this.headers = options.headers ?? {}
    this.members = options.members ?? {}
  }

  /** The same failure, with more headers in its answer. */
  withHeaders(headers: Record<string, string>): RetraceError {
    const { message, limit, members, cause } = this
    return new RetraceError(this.code, {
      detail: message,
      headers: { ...this.headers, ...headers },
      members,
      ...(limit && { limit }),
      ...(cause !== undefined && { cause }),
    })
  }
}
