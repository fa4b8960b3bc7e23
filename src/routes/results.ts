/**
 * GET /<id>/backtrace, /log, /modules, /exploitable: files of a task as they are, 404 until they exist (docs/http.md,
 * 'GET /<id> and below').
 */
import { Hono } from 'hono'
import { describeRoute } from 'hono-openapi'
import { RetraceError } from '../errors/errors.ts'
import type { AppEnv, Services } from '../http/services.ts'
import { answerFile, JSON_TYPE, MARKDOWN, preferredType, TEXT } from '../http/answer.ts'
import { refusals, TASK_FAILURES, taskParameters } from '../http/description.ts'
import { methodNotAllowed } from '../http/method_not_allowed.ts'
import { CodedResults } from '../runner/coded_results.ts'
import type { Result as ResultFile } from '../task/files.ts'
import { TASK_PATH, taskOf } from './task_access.ts'

const OTHER_TYPES = [JSON_TYPE, MARKDOWN] as const
type OtherType = (typeof OTHER_TYPES)[number]

interface Result {
  file: ResultFile
  type: string
  /** The files for callers that prefer another type; undefined: there is just the one. */
  others?: Partial<Record<OtherType, ResultFile>>
  /** Why there is none, for the 404. */
  missing: string
}

const NO_BACKTRACE = 'The task has no backtrace, or not yet; its status says which'

const RESULTS = {
  backtrace: {
    file: 'backtrace',
    type: TEXT,
    others: { [JSON_TYPE]: 'backtrace.json', [MARKDOWN]: 'backtrace.md' },
    missing: NO_BACKTRACE,
  },
  'backtrace.json': { file: 'backtrace.json', type: JSON_TYPE, missing: NO_BACKTRACE },
  'backtrace.md': { file: 'backtrace.md', type: `${MARKDOWN}; charset=utf-8`, missing: NO_BACKTRACE },
  log: { file: 'retrace-log', type: TEXT, missing: 'The task has no log yet: it is written when the task ends' },
  modules: { file: 'modules.json', type: JSON_TYPE, missing: 'The task has no table of modules, or not yet' },
  exploitable: { file: 'exploitable', type: TEXT, missing: 'The task has no exploitability rating, or not yet' },
} satisfies Record<string, Result>

export function resultRoutes(services: Services): Hono<AppEnv> {
  const routes = new Hono<AppEnv>()
  const coded = new CodedResults(services)
  for (const [name, result] of Object.entries(RESULTS) as [string, Result][]) {
    const path = `${TASK_PATH}/${name}` as const
    routes.get(path, describeResult(name, result), async (c) => {
      const task = taskOf(c, services)
      const preferred = preferredType(c, OTHER_TYPES)
      const other = preferred && result.others?.[preferred]
      // The state announces a result, not its file: a backtrace is written before the task has ended.
      const isThere = !name.startsWith('backtrace') || task.state() === 'FINISHED_SUCCESS'
      // A worker of an older version made no Markdown.
      const isMade = other !== undefined && (other !== 'backtrace.md' || task.has(other))
      const [file, type] = isMade
        ? [other, preferred === MARKDOWN ? `${MARKDOWN}; charset=utf-8` : JSON_TYPE]
        : [result.file, result.type]
      const gone = new AbortController()
      c.env.outgoing.once('close', () => gone.abort())
      const wishes = {
        isHead: c.req.method === 'HEAD',
        gone: gone.signal,
        acceptEncoding: c.req.header('Accept-Encoding'),
        ifNoneMatch: c.req.header('If-None-Match'),
        vary: result.others === undefined ? [] : ['Accept'],
      }
      const found = isThere
        ? await answerFile(coded.of(task, file), { type, stopping: services.stopping, wishes })
        : undefined
      if (found === undefined) throw new RetraceError('not-ready', { detail: result.missing })
      return found
    })
    routes.all(path, methodNotAllowed('GET'))
  }
  return routes
}

function describeResult(name: string, { type, others = {} }: Result) {
  return describeRoute({
    summary: `The ${name} of a task`,
    parameters: taskParameters,
    responses: {
      304: { description: 'If-None-Match names what is here' },
      200: type === JSON_TYPE ? { description: `The ${name}`, content: { [JSON_TYPE]: { schema: {} } } } : {
        description: `The ${name}`,
        content: {
          'text/plain': { schema: { type: 'string' } },
          ...(JSON_TYPE in others && { [JSON_TYPE]: { schema: {} } }),
          ...(MARKDOWN in others && { [MARKDOWN]: { schema: { type: 'string' } } }),
        },
      },
      ...refusals(...TASK_FAILURES, 'not-ready'),
    },
  })
}
