/** Why there is no room for an upload, as its client is told. Pure. */
import type { Config } from '../config/config.ts'
import { RetraceError } from '../errors/errors.ts'
import { count } from '../text/count.ts'

/** 503: the server takes nothing new. */
export function draining(): RetraceError {
  return new RetraceError('draining', {
    detail: 'The server is being stopped or restarted; try again in a minute',
    headers: { 'Retry-After': '60' },
  })
}

/** 503: tasks that run, wait and arrive have all places; `seconds` until one may be free. */
export function serverFull(
  { maxRunningTasks, maxQueuedTasks }: Pick<Config, 'maxRunningTasks' | 'maxQueuedTasks'>,
  seconds: number,
): RetraceError {
  return new RetraceError('server-full', {
    detail: `${allTaken(maxRunningTasks)} (RETRACE_MAX_RUNNING_TASKS)` +
      (maxQueuedTasks > 0 ? `, and so is ${allToWait(maxQueuedTasks)} (RETRACE_MAX_QUEUED_TASKS)` : '') +
      `; try again in ${count(seconds, 'second')}`,
    limit: { setting: 'RETRACE_MAX_RUNNING_TASKS', value: maxRunningTasks, unit: 'tasks' },
    headers: { 'Retry-After': String(seconds) },
  })
}

/** 429: those of one client have all that it may have. */
export function tooManyTasks({ maxTasksPerClient }: Pick<Config, 'maxTasksPerClient'>, seconds: number): RetraceError {
  return new RetraceError('too-many-tasks', {
    detail: `${count(maxTasksPerClient, 'task')} of your address run, wait or arrive already ` +
      `(RETRACE_MAX_TASKS_PER_CLIENT); try again in ${count(seconds, 'second')}`,
    limit: { setting: 'RETRACE_MAX_TASKS_PER_CLIENT', value: maxTasksPerClient, unit: 'tasks' },
    headers: { 'Retry-After': String(seconds) },
  })
}

function allTaken(places: number): string {
  return places === 1 ? 'The only place is taken' : `All ${count(places, 'place')} are taken`
}

function allToWait(places: number): string {
  return places === 1 ? 'the only one to wait' : `every one of the ${places} to wait`
}
