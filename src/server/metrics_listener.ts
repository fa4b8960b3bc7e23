/**
 * The loopback listener of RETRACE_METRICS_PORT, for the monitoring of this machine. Plain HTTP, and never on another
 * address.
 */
import type { Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import type { Config } from '../config/config.ts'
import { METRICS_HOST, whyNoMetrics } from '../config/place.ts'
import { UsageError } from '../errors/usage_error.ts'

/** Listens when the setting names a port; resolves when it does. Throws UsageError when the port is taken. */
export async function listenForMetrics(
  { metricsPort }: Pick<Config, 'metricsPort'>,
  fetch: (request: Request) => Response | Promise<Response>,
): Promise<{ close(): void }> {
  if (metricsPort === 0) return { close: () => undefined }
  const server = createAdaptorServer({ fetch, overrideGlobalObjects: false }) as Server
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      reject(new UsageError(whyNoMetrics(metricsPort, cause), { cause }))
    })
    server.listen({ host: METRICS_HOST, port: metricsPort }, resolve)
  })
  return {
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}
