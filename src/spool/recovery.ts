/**
 * What a server finds when it starts, whatever instruction its predecessor was killed at: what uploads and removals
 * left is deleted, a task that has its backtrace but no log is completed, cores of ended tasks go
 * (docs/architecture.md, 'A task's directory').
 */
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { errnoOf } from '../errors/errno.ts'
import { log } from '../telemetry/log.ts'
import { isUnfinished } from './draft_name.ts'
import { endLog } from '../task/log.ts'
import { takeAside } from '../task/rounds.ts'
import { Task } from '../task/task.ts'
import { isTidy, tidy } from '../task/tidy.ts'
import { isTaskId } from './task_ids.ts'

const CUT_SHORT =
  'server: the server stopped after the backtrace was written and before the log was; this is the log so far'

const NO_MORE =
  'server: the server stopped before more memory of the core was asked a second time; this is the result without it'

/** All tasks in the spool, in the order in which they were accepted. */
export async function listTasks(spoolDirectory: string): Promise<Task[]> {
  const entries = await readdir(spoolDirectory, { withFileTypes: true })
  return entries.filter((entry) => entry.isDirectory() && isTaskId(entry.name))
    .map((entry) => Number(entry.name)).sort((a, b) => a - b)
    .map((id) => new Task(join(spoolDirectory, String(id))))
}

/**
 * Brings the spool in order, for who has its lock: what is unfinished is nobody's then, also where its maker is still dying.
 * Safe to be killed in, and to run again. A task that cannot be brought in order keeps no
 * other from that, and no server from its start.
 */
export async function recoverSpool(spoolDirectory: string): Promise<void> {
  for (const name of await readdir(spoolDirectory)) {
    if (isUnfinished(name)) await rm(join(spoolDirectory, name), { recursive: true, force: true, maxRetries: 3 })
  }
  for (const task of await listTasks(spoolDirectory)) {
    await recoverTask(task).catch((cause) => {
      if (errnoOf(cause) === undefined) throw cause
      log('spool').error(`The task is left as it is: ${cause.message}`, { task: task.id })
    })
  }
}

async function recoverTask(task: Task): Promise<void> {
  if (!task.hasEnded()) {
    if (await takeAside(task, NO_MORE)) return tidy(task)
    if (!task.has('backtrace')) return
    await endLog(task, CUT_SHORT)
    log('spool').info('Completed a task whose backtrace was written before the server stopped', { task: task.id })
  }
  // A look costs a tenth of a removal: of ten thousand ended tasks hardly one has its core still.
  if (!isTidy(task)) tidy(task)
}
