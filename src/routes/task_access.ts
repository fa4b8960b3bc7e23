/**
 * The way to a task for every path of it (docs/http.md, 'GET /<id> and below'): the id's shape, the task, then the
 * password or the cookie that stands for it, whether or not the result exists.
 */
import type { Context } from 'hono'
import type { AppEnv, Services } from '../http/services.ts'
import { hasSession } from '../http/session.ts'
import { authorize } from '../task/password.ts'
import type { Task } from '../task/task.ts'

/** `[1-9][0-9]*`, as Hono's router matches it; any other path is none of a task. */
export const TASK_PATH = '/:id{[1-9][0-9]*}'

/** The task that the path names. Throws no-such-task (404) and wrong-password (403). */
export function taskOf(c: Context<AppEnv>, { spool }: Pick<Services, 'spool'>): Task {
  const task = spool.find(c.req.param('id') ?? '')
  const given = c.req.header('X-Task-Password')
  const password = task.text('password')
  // A header goes before a cookie: who sends one wants to know whether it is right.
  const isOpened = given === undefined && password !== undefined &&
    hasSession(c.req.header('Cookie'), { id: task.id, password })
  if (!isOpened) authorize(task, given)
  return task
}
