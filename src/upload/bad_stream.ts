/** The 400 for a body that is not what its Content-Type says. */
import { RetraceError } from '../errors/errors.ts'

/** `detail` is the sentence for the caller, `cause` what a decompressor said. */
export function badStream(detail: string, cause?: unknown): RetraceError {
  return new RetraceError('bad-stream', { detail, cause })
}
