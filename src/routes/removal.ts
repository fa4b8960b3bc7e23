/** DELETE /<id> and POST /<id>/delete: deletes the task with all its files, stops its worker, ends its streams. */
import { Hono } from 'hono'
import { describeRoute } from 'hono-openapi'
import { log } from '../telemetry/log.ts'
import type { AppEnv, Services } from '../http/services.ts'
import { removeTask } from '../spool/removal.ts'
import type { Task } from '../task/task.ts'
import { answer } from '../http/answer.ts'
import { refusals, TASK_FAILURES, taskParameters } from '../http/description.ts'
import { methodNotAllowed } from '../http/method_not_allowed.ts'
import { seeOther, wantsPage } from '../http/page.ts'
import { endedCookie } from '../http/session.ts'
import { basePath } from './site.ts'
import { TASK_PATH, taskOf } from './task_access.ts'

export function removalRoutes(services: Services): Hono<AppEnv> {
  const base = basePath(services.config)
  return new Hono<AppEnv>()
    .delete(TASK_PATH, describeRemoval, async (c) => await remove(taskOf(c, services), services))
    .post(`${TASK_PATH}/delete`, describeRemoval, async (c) => {
      const done = await remove(taskOf(c, services), services)
      // A form's browser would stay where the task was.
      return wantsPage(c) ? seeOther('../', { 'Set-Cookie': endedCookie(c.req.param('id'), base) }) : done
    })
    .all(`${TASK_PATH}/delete`, methodNotAllowed('POST'))
}

/** The worker goes first, so that nothing writes into a directory that is being deleted. */
async function remove(task: Task, { runner }: Services): Promise<Response> {
  await runner.stop(task.id)
  await removeTask(task)
  log('task').info('Deleted on request', { task: task.id })
  return answer('', { status: 204 })
}

const describeRemoval = describeRoute({
  summary: 'Delete a task and stop its worker',
  parameters: taskParameters,
  responses: {
    204: { description: 'It is gone' },
    303: { description: 'It is gone; who prefers HTML is sent to GET /' },
    ...refusals(...TASK_FAILURES, 'foreign-origin'),
  },
})
