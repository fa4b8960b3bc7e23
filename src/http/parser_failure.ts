/** What Node's parser refuses before our code sees a request, as failures of the closed list. Pure. */
import { RetraceError } from '../errors/errors.ts'

/**
 * The failure that an error of `clientError` means, by its code; undefined when the client has gone and nobody is left
 * to tell.
 */
export function parserFailure(
  code: string | undefined,
  limits: { maxHeaderKb: number },
): RetraceError | undefined {
  switch (code) {
    case 'ECONNRESET':
    case 'EPIPE':
      return undefined
    case 'HPE_HEADER_OVERFLOW':
      return headersTooLarge(limits)
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new RetraceError('request-timeout', {
        detail: 'The request headers did not arrive in time; send them at once',
      })
    case 'HPE_INVALID_CONTENT_LENGTH':
    case 'HPE_UNEXPECTED_CONTENT_LENGTH':
      return badRequest('Content-Length must be one decimal number, and must not stand beside Transfer-Encoding')
    case 'HPE_INVALID_TRANSFER_ENCODING':
      return badRequest('Transfer-Encoding must be chunked, and must not stand beside Content-Length')
    default:
      return badRequest('This is not a valid HTTP request')
  }
}

/** For HTTP/1.1 the parser checks this, for HTTP/2 we do. */
export function headersTooLarge({ maxHeaderKb }: { maxHeaderKb: number }): RetraceError {
  return new RetraceError('headers-too-large', {
    detail: `The request headers are larger than ${maxHeaderKb} KiB (RETRACE_MAX_HEADER_KB)`,
    limit: { setting: 'RETRACE_MAX_HEADER_KB', value: maxHeaderKb, unit: 'KiB' },
  })
}

function badRequest(detail: string): RetraceError {
  return new RetraceError('bad-request', { detail })
}
