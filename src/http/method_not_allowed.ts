/**
 * 405 with `Allow` (RFC 9110, 15.5.6) for a known path and a method that it does not have; `OPTIONS` too: there is no
 * CORS.
 */
import type { Context } from 'hono'
import { RetraceError } from '../errors/errors.ts'

/** A handler for every method that the routes before it did not take. HEAD is allowed wherever GET is. */
export function methodNotAllowed(...methods: string[]): (c: Pick<Context, 'req'>) => never {
  const allow = methods.flatMap((method) => method === 'GET' ? ['GET', 'HEAD'] : [method]).join(', ')
  return function refuseMethod({ req }): never {
    const isUpload = req.method === 'PUT' && methods.includes('POST')
    const how = isUpload ? '; curl -T sends PUT: use curl --data-binary @FILE with a Content-Type' : ''
    throw new RetraceError('method-not-allowed', {
      detail: `This path answers to ${allow} only${how}`,
      headers: { Allow: allow },
    })
  }
}
