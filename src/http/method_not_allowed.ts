/**
 * 405 with `Allow` (RFC 9110, 15.5.6) for a known path and a method that it does not have; `OPTIONS` too: there is no
 * CORS.
 */
import { RetraceError } from '../errors/errors.ts'

/** A handler for every method that the routes before it did not take. HEAD is allowed wherever GET is. */
export function methodNotAllowed(...methods: string[]): () => never {
  const allow = methods.flatMap((method) => method === 'GET' ? ['GET', 'HEAD'] : [method]).join(', ')
  return function refuseMethod(): never {
    throw new RetraceError('method-not-allowed', {
      detail: `This path answers to ${allow} only`,
      headers: { Allow: allow },
    })
  }
}
