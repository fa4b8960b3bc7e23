/**
 * The whole interface on one screen: what every request passes, then every route (docs/http.md). A handler reads like
 * its paragraph there.
 */
import { Hono } from 'hono'
import { checkPackageRoutes } from './routes/checkpackage.ts'
import { createRoutes } from './routes/create.ts'
import { assetRoutes } from './routes/assets.ts'
import { errorResponse } from './http/error_response.ts'
import { eventRoutes } from './routes/events.ts'
import { failureResponse } from './routes/failure_page.ts'
import { healthRoutes } from './routes/health.ts'
import { nothingHere } from './http/method_not_allowed.ts'
import { indexRoutes } from './routes/index_page.ts'
import { memoryRoutes } from './routes/memory.ts'
import { metricsRoutes } from './routes/metrics.ts'
import { openApiRoutes } from './routes/openapi.ts'
import { openRoutes } from './routes/open.ts'
import { removalRoutes } from './routes/removal.ts'
import { resultRoutes } from './routes/results.ts'
import { settingsRoutes } from './routes/settings.ts'
import { statsRoutes } from './routes/stats.ts'
import { statusRoutes } from './routes/status.ts'
import { uploadRoutes } from './routes/uploads.ts'
import { checkOrigin } from './http/origin.ts'
import { checkRequest } from './http/request_checks.ts'
import type { AppEnv, Services } from './http/services.ts'

export function createApp(services: Services): Hono<AppEnv> {
  const app = new Hono<AppEnv>()
  app.use(checkRequest(services.config)) //              every path: 429, 431, 403 without HTTPS
  app.use(checkOrigin(services.config)) //               what changes something: 403 to pages of other sites
  app.route('/', indexRoutes(services)) //               GET /
  app.route('/', createRoutes(services)) //              POST /create
  app.route('/', uploadRoutes(services)) //              HEAD PATCH DELETE /uploads/<address>
  app.route('/', settingsRoutes(services)) //            GET /settings
  app.route('/', checkPackageRoutes(services)) //        GET /checkpackage
  app.route('/', assetRoutes(services)) //               GET /assets/<name>
  app.route('/', openRoutes(services)) //                POST /open, POST /<id>/leave
  app.route('/', resultRoutes(services)) //              GET /<id>/backtrace[.json|.md] /log /modules /exploitable
  app.route('/', memoryRoutes(services)) //              POST /<id>/memory
  app.route('/', eventRoutes(services)) //               GET /<id>/events
  app.route('/', removalRoutes(services)) //             DELETE /<id>, POST /<id>/delete
  app.route('/', statusRoutes(services)) //              GET /<id>
  app.route('/', statsRoutes(services)) //               GET /stats
  app.route('/', openApiRoutes(app)) //                  GET /openapi.json
  app.route('/', healthRoutes(services)) //              GET /healthz /readyz
  app.notFound(({ req }) => {
    throw nothingHere(req.method)
  })
  app.onError((error, c) => failureResponse(error, c, services))
  return app
}

/** What the loopback listener answers (RETRACE_METRICS_PORT). */
export function createMetricsApp(services: Services): Hono<AppEnv> {
  const app = new Hono<AppEnv>()
  app.route('/', metricsRoutes(services)) //             GET /metrics
  app.route('/', healthRoutes(services)) //              GET /healthz /readyz
  app.route('/', statsRoutes(services, { isOwnListener: true })) // GET /stats
  app.route('/', assetRoutes(services)) //               GET /assets/<name>
  app.onError(errorResponse)
  return app
}
