/**
 * What changes something is refused to pages of other sites (RFC 6454): a browser says which page asks, and lets no page forge
 * it. Who is no browser says nothing, and has no cookie that a page could use.
 */
import type { MiddlewareHandler } from 'hono'
import type { Config } from '../config/config.ts'
import { RetraceError } from '../errors/errors.ts'
import type { AppEnv } from './services.ts'

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])

export interface Asking {
  origin: string | undefined
  /** Sec-Fetch-Site (Fetch Metadata Request Headers). */
  site: string | undefined
  /** Host, or `:authority`. */
  host: string | undefined
}

export function checkOrigin(config: Pick<Config, 'publicUrl'>): MiddlewareHandler<AppEnv> {
  return async function checkOrigin(c, next) {
    if (!SAFE.has(c.req.method)) {
      const asking = {
        origin: c.req.header('Origin'),
        site: c.req.header('Sec-Fetch-Site'),
        host: c.req.header('Host') ?? c.env.incoming.headers[':authority']?.toString(),
      }
      if (!isOwn(asking, config.publicUrl)) {
        throw new RetraceError('foreign-origin', {
          detail: 'A page of another site asked for this; only pages of this server may change something here',
        })
      }
    }
    await next()
  }
}

/** Whether our own page asks, or no page at all. A proxy may have changed Host, which Sec-Fetch-Site does not mind. */
export function isOwn({ origin, site, host }: Asking, publicUrl: string | undefined): boolean {
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  if (origin === undefined) return true
  const asks = hostOf(origin)
  if (asks === undefined) return false
  return (host !== undefined && asks === hostOf(`${schemeOf(origin)}//${host}`)) ||
    (publicUrl !== undefined && asks === hostOf(publicUrl))
}

/** A proxy may have put the scheme's own port into Host. */
function schemeOf(origin: string): string {
  return new URL(origin).protocol
}

/** With its port where that is not the scheme's own, as Host has it; undefined for `null` and what is no origin. */
function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host || undefined : undefined
}
