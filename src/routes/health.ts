/**
 * GET /healthz: the process answers. GET /readyz: it can take a task, part by part; 503 when it cannot. For load
 * balancers, probes and people.
 */
import { Hono } from 'hono'
import { describeRoute, resolver } from 'hono-openapi'
import * as z from 'zod'
import type { AppEnv, Services } from '../http/services.ts'
import { answer, answerJson, prefersJson } from '../http/answer.ts'
import { textResponse } from '../http/description.ts'
import { methodNotAllowed } from '../http/method_not_allowed.ts'

const Part = z.object({ ok: z.boolean(), text: z.string() })

export const Readiness = z.object({
  ready: z.boolean(),
  parts: z.object({
    server: Part,
    spool: Part,
    space: Part,
    database: Part,
    store: Part,
    sandbox: Part,
    programs: Part,
    sync: Part,
  }),
}).meta({ ref: 'Readiness' })

export function healthRoutes({ readiness }: Pick<Services, 'readiness'>): Hono<AppEnv> {
  return new Hono<AppEnv>()
    .get('/healthz', describeHealth, () => answer('ok\n'))
    .all('/healthz', methodNotAllowed('GET'))
    .get('/readyz', describeReadiness, async (c) => {
      const found = await readiness()
      const status = found.ready ? 200 : 503
      const headers: Record<string, string> = found.ready ? {} : { 'Retry-After': '60' }
      if (prefersJson(c)) return answerJson(found, { status, headers })
      const lines = Object.entries(found.parts).map(([name, { ok, text }]) =>
        `${ok ? 'ok  ' : 'FAIL'} ${name}: ${text}`
      )
      return answer(`${lines.join('\n')}\n`, { status, headers })
    })
    .all('/readyz', methodNotAllowed('GET'))
}

const describeHealth = describeRoute({
  summary: 'Whether the server answers at all',
  responses: { 200: textResponse('It does') },
})

const content = {
  'text/plain': { schema: { type: 'string' as const } },
  'application/json': { schema: resolver(Readiness) },
}

const describeReadiness = describeRoute({
  summary: 'Whether the server can take a task, and what it lacks',
  responses: {
    200: { description: 'It can', content },
    503: { description: 'It cannot; the parts that are not ok say why', content },
  },
})
