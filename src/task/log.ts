/**
 * `retrace-log`, where the worker did not write it: made from `worker.log`, or that of an earlier run. Nobody knows how long that is,
 * so the system copies it and no program reads it whole.
 */
import { copyFile, open, rm } from 'node:fs/promises'
import { syncDirectory } from '../files/durable.ts'
import { APPENDING, plainSize } from '../files/plain.ts'
import type { Task } from './task.ts'
import { appear, partialOf } from './write.ts'

/** Ends a task with the log so far, or the one at `from`, and a last line. */
export async function endLog(task: Task, lastLine: string, from = task.file('worker.log')): Promise<void> {
  const partial = partialOf(task, 'retrace-log')
  await rm(partial, { recursive: true, force: true })
  if (plainSize(from) !== undefined) await copyFile(from, partial)
  {
    await using log = await open(partial, APPENDING, 0o600)
    await log.writeFile(`${lastLine}\n`)
    await log.sync()
  }
  appear(task, 'retrace-log')
  await syncDirectory(task.directory)
}
