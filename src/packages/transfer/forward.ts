/**
 * Plain http by way of a proxy: it is asked by the whole address (RFC 9112, chapter 3.2.2); a tunnel to port 80 is
 * often forbidden. undici's ProxyAgent can do the same, but makes a sentence of a 407, in which no status is left.
 */
import type { Dispatcher } from 'undici'

export interface Proxy {
  /** Its origin. */
  uri: string
  authorization: string | undefined
}

/** A dispatcher whose every request goes to the proxy, with the headers that are for it. */
export function forwarding(client: Dispatcher, { uri, authorization }: Proxy): Dispatcher {
  return client.compose((dispatch) => (request, handler) => {
    const { origin = '', path } = request
    const headers = {
      ...headersOf(request),
      host: new URL(origin).host,
      ...(authorization === undefined ? {} : { 'proxy-authorization': authorization }),
    }
    return dispatch({ ...request, origin: uri, path: `${origin}${path}`, headers }, handler)
  })
}

/** `request.ts` gives them as an object. */
function headersOf({ headers }: Dispatcher.DispatchOptions): Record<string, string | string[] | undefined> {
  if (headers === undefined || headers === null) return {}
  if (Symbol.iterator in headers) throw new TypeError('Expected headers as an object')
  return headers
}
