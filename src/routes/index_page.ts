/**
 * GET /: what this is, the limits, how to send a core, for terminals and for browsers; no password (docs/http.md, 'Paths that belong to
 * no task').
 */
import { Hono } from 'hono'
import { describeRoute } from 'hono-openapi'
import type { AppEnv, Services } from '../http/services.ts'
import { answer } from '../http/answer.ts'
import { addressOf } from '../http/assets.ts'
import { refusals } from '../http/description.ts'
import { answerPage, wantsPage } from '../http/page.ts'
import { startPage } from '../pages/start.tsx'
import { methodNotAllowed } from '../http/method_not_allowed.ts'
import { count } from '../text/count.ts'
import { siteOf } from './site.ts'

export function indexRoutes(services: Services): Hono<AppEnv> {
  const { config } = services
  return new Hono<AppEnv>()
    .get('/', describeIndex, async (c) => {
      if (!wantsPage(c)) return answer(indexText(config), { headers: { Vary: 'Accept' } })
      services.metrics.pages.inc({ page: 'start' })
      return await answerPage(c, indexHtml(services))
    })
    .all('/', methodNotAllowed('GET'))
}

/** The same for a browser, which can send a core itself. */
function indexHtml(services: Services): string {
  const { config, assets } = services
  return startPage(siteOf(services), {
    script: addressOf(assets, 'start.js'),
    worker: addressOf(assets, 'slim.js'),
    url: config.publicUrl ?? 'https://SERVER',
    maxPackedMb: config.maxPackedMb,
    maxUnpackedMb: config.maxUnpackedMb,
    maxRunningTasks: config.maxRunningTasks,
    taskTimeoutS: config.taskTimeoutS,
    deleteAfterDays: config.deleteAfterDays,
  })
}

/** The name is the administrator's: that of a request is whatever its sender, or a cache, wants others to read. */
function indexText(config: Services['config']): string {
  const url = config.publicUrl ?? 'https://SERVER'
  return `This is a retrace server. Send it the coredump of a crashed program, and it answers with a backtrace that has
function names, source lines and values: it holds the debuginfo, so that your machine needs none. A coredump holds
what was in the memory of the program: send it only to a server whose administrator you trust.

Send a coredump and watch the backtrace being made:

  xz -2 -k core
  curl --data-binary @core.xz -H 'Content-Type: application/x-core' -H 'Content-Encoding: xz' \\
    --include --no-buffer ${url}/create

Or send what is known of it, too (coredump, architecture, release, packages), and ask later:

  tar c coredump architecture release packages | xz -2 > crash.tar.xz
  curl --data-binary @crash.tar.xz -H 'Content-Type: application/x-xz' -H 'Prefer: respond-async' \\
    --include ${url}/create

The answer's headers name X-Task-Id and X-Task-Password. With them:

  curl -H "X-Task-Password: PASSWORD" ${url}/ID

says the status (PENDING, FINISHED_SUCCESS, FINISHED_FAILURE); /ID/backtrace and /ID/log give what came out; with
-X DELETE everything of the task is deleted.

Limits:

  ${config.maxPackedMb} MiB sent, ${config.maxUnpackedMb} MiB unpacked, ${config.maxFileKb} KiB for each other file
  ${count(config.maxRunningTasks, 'task')} at once, ${count(config.taskTimeoutS, 'second')} for a task
  deleted after ${count(config.deleteAfterDays, 'day')}

/settings lists releases and formats, /openapi.json describes the whole interface.
`
}

const describeIndex = describeRoute({
  summary: 'What this is, its limits, and how to send a core',
  responses: {
    200: {
      description: 'A page, or a text',
      content: { 'text/plain': { schema: { type: 'string' } }, 'text/html': { schema: { type: 'string' } } },
    },
    ...refusals(),
  },
})
