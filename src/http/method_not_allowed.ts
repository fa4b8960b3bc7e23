/**
 * 405 with `Allow` (RFC 9110, 15.5.6) for a known path and a method that it does not have; `OPTIONS` too: there is no
 * CORS.
 */
import type { Context } from 'hono'
import { RetraceError } from '../errors/errors.ts'

const INSTEAD_OF_PUT =
  "curl -T sends PUT: use curl --data-binary @FILE -H 'Content-Type: application/x-core' URL/create"

/**
 * The failure for a path that does not exist. PUT is refused as a method: curl -T puts the name of its file behind the address,
 * so that no path of ours is asked for. It allows none (RFC 9110, 10.2.1).
 */
export function nothingHere(method: string): RetraceError {
  if (method === 'PUT') {
    const detail = `Nothing here takes PUT; ${INSTEAD_OF_PUT}`
    return new RetraceError('method-not-allowed', { detail, headers: { Allow: '' } })
  }
  return new RetraceError('not-found', { detail: 'There is nothing at this address; GET / says what there is' })
}

/** A handler for every method that the routes before it did not take. HEAD is allowed wherever GET is. */
export function methodNotAllowed(...methods: string[]): (c: Pick<Context, 'req'>) => never {
  const allow = methods.flatMap((method) => method === 'GET' ? ['GET', 'HEAD'] : [method]).join(', ')
  return function refuseMethod({ req }): never {
    const how = req.method === 'PUT' ? `; ${INSTEAD_OF_PUT}` : ''
    throw new RetraceError('method-not-allowed', {
      detail: `This path answers to ${allow} only${how}`,
      headers: { Allow: allow },
    })
  }
}
