/**
 * GET /openapi.json: the description of the whole interface (OpenAPI 3.1), built from what stands with each route.
 */
import { Hono } from 'hono'
import { describeRoute, generateSpecs } from 'hono-openapi'
import { version } from '../program/program.ts'
import type { AppEnv } from '../http/services.ts'
import { answerJson, JSON_TYPE } from '../http/answer.ts'
import { refusals } from '../http/description.ts'
import { methodNotAllowed } from '../http/method_not_allowed.ts'

/** `described` is the app with all routes in it. */
export function openApiRoutes(described: Hono<AppEnv>): Hono<AppEnv> {
  let description: Promise<unknown> | undefined
  return new Hono<AppEnv>()
    .get('/openapi.json', describeDescription, async () => {
      description ??= generateSpecs(described, {
        excludeStaticFile: false,
        // OPTIONS is left out otherwise, and says here whether an upload may come in parts.
        excludeMethods: [],
        documentation: {
          info: {
            title: 'Retrace server',
            version: version(),
            description:
              'Takes coredumps, and answers with backtraces. Every path also answers to HEAD where it does to GET.',
          },
        },
      })
      return answerJson(await description)
    })
    .all('/openapi.json', methodNotAllowed('GET'))
}

const describeDescription = describeRoute({
  summary: 'This description',
  responses: { 200: { description: 'OpenAPI 3.1', content: { [JSON_TYPE]: { schema: {} } } }, ...refusals() },
})
