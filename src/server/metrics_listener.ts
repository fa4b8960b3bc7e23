/**
 * The loopback listener of RETRACE_METRICS_PORT: /metrics for Prometheus, /healthz and /readyz for probes of this
 * machine. Plain HTTP, and never on another address: what it says is for the administrator.
 */
import type { Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { Hono } from 'hono'
import { errorResponse } from '../http/error_response.ts'
import { healthRoutes } from '../routes/health.ts'
import type { AppEnv, Services } from '../http/services.ts'
import { UsageError } from '../errors/usage_error.ts'

const HOST = '127.0.0.1'

/** Listens when the setting names a port; resolves when it does. Throws UsageError when the port is taken. */
export async function listenForMetrics(services: Services): Promise<{ close(): void }> {
  const { config: { metricsPort }, metrics: { registry } } = services
  if (metricsPort === 0) return { close: () => undefined }
  const app = new Hono<AppEnv>()
  app.get('/metrics', async () => {
    return new Response(await registry.metrics(), { headers: { 'Content-Type': registry.contentType } })
  })
  app.route('/', healthRoutes(services))
  app.onError(errorResponse)
  const server = createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false }) as Server
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      reject(
        new UsageError(`RETRACE_METRICS_PORT is ${metricsPort}, which cannot be used: ${cause.message}`, { cause }),
      )
    })
    server.listen({ host: HOST, port: metricsPort }, resolve)
  })
  return {
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
