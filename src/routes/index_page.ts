/**
 * GET /: what this is, the limits, the two commands that send a core; no password (docs/http.md, 'Paths that belong to
 * no task').
 */
import { Hono } from 'hono'
import { describeRoute } from 'hono-openapi'
import type { AppEnv, Services } from '../http/services.ts'
import { answer } from '../http/answer.ts'
import { refusals, textResponse } from '../http/description.ts'
import { methodNotAllowed } from '../http/method_not_allowed.ts'
import { count } from '../text/count.ts'

export function indexRoutes({ config }: Services): Hono<AppEnv> {
  return new Hono<AppEnv>()
    .get('/', describeIndex, () => answer(indexText(config)))
    .all('/', methodNotAllowed('GET'))
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
  responses: { 200: textResponse('A page of text'), ...refusals() },
})
