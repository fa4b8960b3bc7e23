/**
 * What is written for a worker that ended without `retrace-log`: the outcome, then the log from `worker.log`, last of
 * all, so that no accepted task stays PENDING for ever (docs/architecture.md, 'A task's directory').
 */
import { copyFile, open, rename, rm } from 'node:fs/promises'
import { syncDirectory, writeByRename } from '../files/durable.ts'
import type { Task } from '../task/task.ts'
import { lastStep } from './worker_log.ts'
import type { WorkerEnd } from './worker_process.ts'

/** The outcome as status, log and JSON show it; codes of a closed list, of which the runner needs these. */
export interface Death {
  code: 'debugger-timeout' | 'fetch-timeout' | 'killed' | 'internal'
  summary: string
  next_step: string
}

/**
 * What is to be said of a death. `timeoutS` when the runner ended the worker for its time; `step` is the last one it
 * named.
 */
export function describeDeath(
  end: WorkerEnd,
  about: { timeoutS: number | undefined; step: string | undefined },
): Death {
  const during = about.step === undefined ? '' : ` during the step '${about.step}'`
  if (about.timeoutS !== undefined) {
    return {
      code: about.step === 'fetch' || about.step === 'resolve' ? 'fetch-timeout' : 'debugger-timeout',
      summary: `The task took longer than ${about.timeoutS} s (RETRACE_TASK_TIMEOUT_S) and was stopped${during}.`,
      next_step: 'Send the core once more when the server is less busy, or ask its administrator for a longer limit.',
    }
  }
  if (end.error !== undefined) {
    return {
      code: 'internal',
      summary: 'The worker could not be started.',
      next_step: "Ask the server's administrator to run abrt-retrace-server --check, then send the core once more.",
    }
  }
  if (end.signal !== null) {
    return {
      code: 'killed',
      summary: `The worker was killed by ${end.signal}${during}, perhaps because memory ran out.`,
      next_step: 'Send the core once more; if it happens again, tell the administrator of the server the task id.',
    }
  }
  return {
    code: 'internal',
    summary: `The worker ended with exit code ${end.code}${during} before it had finished its log.`,
    next_step: 'Read the log for the reason, and tell the administrator of the server the task id.',
  }
}

/** Ends a task whose worker did not. Does nothing when `retrace-log` is there, or the task is not any more. */
export async function endTask(task: Task, death: Death): Promise<void> {
  if (await task.has('retrace-log') || !await task.has('.')) return
  if (!await task.has('outcome.json')) {
    const outcome = { ...death, step: await lastStep(task) ?? null, package: null, release: null }
    await rm(task.file('outcome.json.partial'), { force: true })
    await writeByRename(task.file('outcome.json'), JSON.stringify(outcome))
  }
  await copyLog(task, `${death.summary} ${death.next_step}\n`)
}

/** The log so far as `retrace-log`, with a last line; copied by the system, since nobody knows how long it is. */
async function copyLog(task: Task, lastLine: string): Promise<void> {
  const partial = task.file('retrace-log.partial')
  await rm(partial, { force: true })
  if (await task.has('worker.log')) await copyFile(task.file('worker.log'), partial)
  const handle = await open(partial, 'a', 0o600)
  try {
    await handle.writeFile(lastLine)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(partial, task.file('retrace-log'))
  await syncDirectory(task.directory)
}
