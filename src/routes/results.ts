/**
 * GET /<id>/backtrace, /log, /modules, /exploitable: files of a task as they are, 404 until they exist (docs/http.md,
 * 'GET /<id> and below').
 */
import { Hono } from 'hono'
import { describeRoute } from 'hono-openapi'
import { RetraceError } from '../errors/errors.ts'
import type { AppEnv, Services } from '../http/services.ts'
import { answerFile, JSON_TYPE, prefersJson, TEXT } from '../http/answer.ts'
import { refusals, TASK_FAILURES, taskParameters } from '../http/description.ts'
import { methodNotAllowed } from '../http/method_not_allowed.ts'
import type { TaskFile } from '../task/files.ts'
import { TASK_PATH, taskOf } from './task_access.ts'

interface Result {
  file: TaskFile
  type: string
  /** The file for callers that prefer JSON; undefined: there is just the one. */
  json?: TaskFile
  /** Why there is none, for the 404. */
  missing: string
}

const RESULTS = {
  backtrace: {
    file: 'backtrace',
    type: TEXT,
    json: 'backtrace.json',
    missing: 'The task has no backtrace, or not yet; its status says which',
  },
  log: { file: 'retrace-log', type: TEXT, missing: 'The task has no log yet: it is written when the task ends' },
  modules: { file: 'modules.json', type: JSON_TYPE, missing: 'The task has no table of modules, or not yet' },
  exploitable: { file: 'exploitable', type: TEXT, missing: 'The task has no exploitability rating, or not yet' },
} satisfies Record<string, Result>

export function resultRoutes(services: Services): Hono<AppEnv> {
  const routes = new Hono<AppEnv>()
  for (const [name, result] of Object.entries(RESULTS) as [string, Result][]) {
    const path = `${TASK_PATH}/${name}` as const
    routes.get(path, describeResult(name, result), async (c) => {
      const task = taskOf(c, services)
      const json = result.json !== undefined && prefersJson(c) ? result.json : undefined
      // The state announces a result, not its file: a backtrace is written before the task has ended.
      const isThere = name !== 'backtrace' || task.state() === 'FINISHED_SUCCESS'
      const [file, type] = json === undefined ? [result.file, result.type] : [json, JSON_TYPE]
      const found = isThere ? await answerFile(task.file(file), type, services.stopping) : undefined
      if (found === undefined) throw new RetraceError('not-ready', { detail: result.missing })
      return found
    })
    routes.all(path, methodNotAllowed('GET'))
  }
  return routes
}

function describeResult(name: string, { type, json }: Result) {
  return describeRoute({
    summary: `The ${name} of a task`,
    parameters: taskParameters,
    responses: {
      200: type === JSON_TYPE ? { description: `The ${name}`, content: { [JSON_TYPE]: { schema: {} } } } : {
        description: `The ${name}`,
        content: { 'text/plain': { schema: { type: 'string' } }, ...(json && { [JSON_TYPE]: { schema: {} } }) },
      },
      ...refusals(...TASK_FAILURES, 'not-ready'),
    },
  })
}
