/**
 * Which proxy the environment names for an address: `http_proxy`, `https_proxy`, `no_proxy`, as curl(1) reads them; in
 * the latter a port after a host and brackets around an IPv6 address count, too. A pure decision; src/config has read the
 * environment.
 *
 * Why this is not undici's EnvHttpProxyAgent: that sends https through http_proxy where https_proxy is not set, which
 * curl, apt and dnf do not; it has one password for both proxies, while auth.conf can have one for each; and it needs
 * both to be proxies that it can use, so that an address that no_proxy exempts would fail of a proxy that it never asks.
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
