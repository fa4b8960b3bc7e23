/** GET /metrics, for Prometheus. Not on the public port: what it says is for the administrator. */
import { Hono } from 'hono'
import { NO_GUESSING } from '../http/answer.ts'
import type { AppEnv, Services } from '../http/services.ts'

export function metricsRoutes({ metrics: { registry } }: Pick<Services, 'metrics'>): Hono<AppEnv> {
  return new Hono<AppEnv>().get('/metrics', async () => {
    return new Response(await registry.metrics(), { headers: { 'Content-Type': registry.contentType, ...NO_GUESSING } })
  })
}
