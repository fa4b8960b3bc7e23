/** GET /assets/<name>: the style and the scripts of the pages, which hold nothing of anybody: caches may keep them. */
import { Hono } from 'hono'
import { describeRoute } from 'hono-openapi'
import { RetraceError } from '../errors/errors.ts'
import { matchesTag } from '../http/answer.ts'
import { codingFor } from '../http/content_coding.ts'
import { refusals } from '../http/description.ts'
import { methodNotAllowed } from '../http/method_not_allowed.ts'
import { PAGE_HEADERS } from '../http/page.ts'
import type { AppEnv, Services } from '../http/services.ts'

const PATH = '/assets/:name'
const FOR_EVER = 'public, max-age=31536000, immutable'

export function assetRoutes({ assets }: Pick<Services, 'assets'>): Hono<AppEnv> {
  return new Hono<AppEnv>()
    .get(PATH, describeAsset, (c) => {
      const asset = assets.get(c.req.param('name'))
      if (asset === undefined) throw new RetraceError('not-found', { detail: 'There is no such part of a page' })
      const { type, plain, gzip, hash } = asset
      const isCoded = codingFor(c.req.header('Accept-Encoding'), ['gzip']) === 'gzip'
      const tag = isCoded ? `W/"${hash}-gzip"` : `"${hash}"`
      const headers = {
        ...PAGE_HEADERS,
        'ETag': tag,
        'Vary': 'Accept-Encoding',
        // An address with another hash, or none, is of another version: nobody should keep ours under it.
        'Cache-Control': c.req.url.endsWith(`?${hash}`) ? FOR_EVER : 'no-cache',
      }
      if (matchesTag(c.req.header('If-None-Match'), tag)) return new Response(null, { status: 304, headers })
      const body = isCoded ? gzip : plain
      return new Response(body, {
        headers: {
          ...headers,
          'Content-Type': type,
          'Content-Length': String(body.length),
          ...(isCoded && { 'Content-Encoding': 'gzip' }),
        },
      })
    })
    .all(PATH, methodNotAllowed('GET'))
}

const describeAsset = describeRoute({
  summary: 'The style and the scripts of the pages',
  parameters: [{ name: 'name', in: 'path', required: true, schema: { type: 'string' } }],
  responses: {
    200: {
      description: 'The file; for ever where the query is its hash',
      content: {
        'text/css': { schema: { type: 'string' } },
        'text/javascript': { schema: { type: 'string' } },
        'image/svg+xml': { schema: { type: 'string' } },
      },
    },
    304: { description: 'If-None-Match names what is here' },
    ...refusals('not-found'),
  },
})
