/**
 * What a server finds when it starts, whatever instruction its predecessor was killed at: what uploads and removals
 * left is deleted, a task that has its backtrace but no log is completed, cores of ended tasks go
 * (docs/architecture.md, 'A task's directory').
 */
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { log } from '../telemetry/log.ts'
import { isLeftOver } from './draft_name.ts'
import { errnoOf } from '../errors/errno.ts'
import { writeByRename } from '../files/durable.ts'
import { Task } from '../task/task.ts'
import { isTaskId } from './task_ids.ts'

/** All tasks in the spool, in the order in which they were accepted. */
export async function listTasks(spoolDirectory: string): Promise<Task[]> {
  const entries = await readdir(spoolDirectory, { withFileTypes: true })
  return entries.filter((entry) => entry.isDirectory() && isTaskId(entry.name))
    .map((entry) => Number(entry.name)).sort((a, b) => a - b)
    .map((id) => new Task(spoolDirectory, String(id)))
}

/** Brings the spool in order. Safe to be killed in, and to run again. */
export async function recoverSpool(spoolDirectory: string): Promise<void> {
  for (const name of await readdir(spoolDirectory)) {
    if (isLeftOver(name)) await rm(join(spoolDirectory, name), { recursive: true, force: true, maxRetries: 3 })
  }
  for (const task of await listTasks(spoolDirectory)) await recoverTask(task)
}

async function recoverTask(task: Task): Promise<void> {
  if (!await task.has('retrace-log')) {
    if (!await task.has('backtrace')) return
    await completeLog(task)
    log('spool').info('Completed a task whose backtrace was written before the server stopped', { task: task.id })
  }
  // A look costs a tenth of a removal: of ten thousand ended tasks hardly one has its core still.
  if (await task.has('coredump')) await rm(task.file('coredump'), { force: true })
}

async function completeLog(task: Task): Promise<void> {
  let text: Uint8Array = new Uint8Array()
  try {
    text = await readFile(task.file('worker.log'))
  } catch (cause) {
    if (errnoOf(cause) !== 'ENOENT') throw cause
  }
  const ending = new TextEncoder().encode(
    'server: the server stopped after the backtrace was written and before the log was; this is the log so far\n',
  )
  const whole = new Uint8Array(text.length + ending.length)
  whole.set(text)
  whole.set(ending, text.length)
  await rm(task.file('retrace-log.partial'), { force: true })
  await writeByRename(task.file('retrace-log'), whole)
}
