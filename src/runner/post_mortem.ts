/**
 * What is written for a worker that ended without `retrace-log`: the outcome, then the log from `worker.log`, last of all,
 * so that no accepted task stays PENDING for ever (architecture.md, a task's directory).
 */
import { copyFile, open, rename, writeFile } from 'node:fs/promises'
import { directoryOf, has, type RunnableTask } from './runnable_task.ts'
import { lastStep } from './worker_log.ts'
import type { WorkerEnd } from './worker_process.ts'

/** The outcome as status, log and JSON show it; codes of a closed list, of which the runner needs these. */
export interface Death {
  code: 'debugger-timeout' | 'fetch-timeout' | 'killed' | 'internal'
  summary: string
  next_step: string
}

/** What is to be said of a death. `timeoutS` when the runner ended the worker for its time; `step` is the last one it named. */
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
export async function endTask(task: RunnableTask, death: Death): Promise<void> {
  if (await has(task, 'retrace-log') || !await has(task, '.')) return
  if (!await has(task, 'outcome.json')) {
    const step = await lastStep(task)
    await writeByRename(task, 'outcome.json', async (path) => {
      await writeFile(path, JSON.stringify({ ...death, step: step ?? null, package: null, release: null }), {
        mode: 0o600,
      })
    })
  }
  await writeByRename(task, 'retrace-log', async (path) => {
    if (await has(task, 'worker.log')) await copyFile(task.file('worker.log'), path)
    await writeFile(path, `${death.summary} ${death.next_step}\n`, { flag: 'a', mode: 0o600 })
  })
}

async function writeByRename(task: RunnableTask, name: string, write: (path: string) => Promise<void>): Promise<void> {
  const partial = task.file(`.${name}.partial`)
  await write(partial)
  await syncFile(partial)
  await rename(partial, task.file(name))
  await syncFile(directoryOf(task))
}

async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
