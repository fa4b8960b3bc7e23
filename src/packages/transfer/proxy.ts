/**
 * Which proxy the environment names for an address: `http_proxy`, `https_proxy`, `no_proxy`, as curl(1) reads them.
 * A pure decision; src/config has read the environment.
 */
import type { ProxyEnvironment } from '../../config/proxy_environment.ts'

/** The proxy's address; undefined: none. */
export function proxyFor(url: URL, environment: ProxyEnvironment): string | undefined {
  const proxy = url.protocol === 'https:' ? environment.https : environment.http
  return proxy === undefined || isExempt(url, environment.no) ? undefined : proxy
}

/** A comma-separated list of hosts and domains (`.example.org` and `example.org` alike, with a port or not), or `*`. */
function isExempt(url: URL, no: string | undefined): boolean {
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port
  const host = url.hostname.replace(/^\[|\]$/g, '')
  for (const word of (no ?? '').toLowerCase().split(/[\s,]+/)) {
    if (word === '*') return true
    const match = /^\.?(?:\[([0-9a-f:.]+)\]|([^:]+)|([0-9a-f:]+))(?::(\d+))?$/.exec(word)
    const name = match?.[1] ?? match?.[2] ?? match?.[3]
    if (name === undefined || (match?.[4] !== undefined && match[4] !== port)) continue
    if (host === name || host.endsWith(`.${name}`)) return true
  }
  return false
}
