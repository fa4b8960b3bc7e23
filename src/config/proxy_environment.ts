/** The usual variables about proxies, as they are; what they mean for an address is decided where one is fetched. */
import { env } from 'node:process'
import type { Environment } from './config.ts'

export interface ProxyEnvironment {
  http: string | undefined
  https: string | undefined
  no: string | undefined
}

/** In lower case, as curl(1), wget(1) and apt read them; HTTP_PROXY is not read: a CGI's client could set it. */
export function readProxies(from: Environment = env): ProxyEnvironment {
  const all = from.all_proxy || from.ALL_PROXY || undefined
  return {
    http: from.http_proxy || all,
    https: from.https_proxy || from.HTTPS_PROXY || all,
    no: from.no_proxy || from.NO_PROXY || undefined,
  }
}
