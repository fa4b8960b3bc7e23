/**
 * The end of a task's directory. It is gone for every caller with the first step, a rename to a name that is no id; a
 * server that is killed after that deletes the rest when it starts again.
 */
import { rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { errnoOf } from '../errors/errno.ts'
import { syncDirectory } from '../files/durable.ts'
import { noSuchTask, type Task } from '../task/task.ts'
import { newRemovalName } from './draft_name.ts'

/**
 * Deletes a task. Throws no-such-task when it was gone already. With `isDurable` false a power cut may bring it back,
 * which costs nobody anything who deletes what is old.
 */
export async function removeTask(task: Task, { isDurable = true }: { isDurable?: boolean } = {}): Promise<void> {
  const spoolDirectory = dirname(task.directory)
  const doomed = join(spoolDirectory, newRemovalName(task.id))
  try {
    await rename(task.directory, doomed)
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') throw noSuchTask()
    throw cause
  }
  if (isDurable) await syncDirectory(spoolDirectory)
  await rm(doomed, { recursive: true, force: true, maxRetries: 3 })
}
