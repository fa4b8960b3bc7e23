/** The task that a command line names, in any directory: a server need not have made it. */
import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { UsageError } from '../../src/errors/usage_error.ts'
import { plainSize } from '../../src/files/plain.ts'
import { Task } from '../../src/task/task.ts'

/** Throws UsageError when `path` is no directory, or holds neither a core nor the log of a task that has ended. */
export function openTask(path: string): Task {
  const task = new Task(resolve(path))
  if (!statSync(task.directory, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UsageError(`${task.directory} is no directory; give a task's directory, which holds the file coredump`)
  }
  if (!task.hasEnded() && plainSize(task.file('coredump')) === undefined) {
    throw new UsageError(`${task.directory} is no task: it holds no file coredump`)
  }
  return task
}
