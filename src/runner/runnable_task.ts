/**
 * What the runner needs of a task: its id and where its files lie. `Task` of src/spool fits.
 * The runner never looks at passwords, and refuses to know how a directory came to be.
 */
import { access, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'

export interface RunnableTask {
  readonly id: string
  /** Absolute path of a file in the task's directory, whether or not it exists. */
  file(name: string): string
}

/** The three states of the design, chapter 2.2. */
export type TaskState = 'PENDING' | 'FINISHED_SUCCESS' | 'FINISHED_FAILURE'

/** The task's directory, the worker's only argument. */
export function directoryOf(task: RunnableTask): string {
  return dirname(task.file('retrace-log'))
}

/** Whether a file, or with '.' the directory, of the task exists. */
export async function has(task: RunnableTask, name: string): Promise<boolean> {
  return await access(name === '.' ? directoryOf(task) : task.file(name)).then(() => true, () => false)
}

/** The state as architecture.md defines it: `retrace-log` alone ends a task, `backtrace` beside it makes it a success. */
export async function stateOf(task: RunnableTask): Promise<TaskState> {
  if (!await has(task, 'retrace-log')) return 'PENDING'
  return await has(task, 'backtrace') ? 'FINISHED_SUCCESS' : 'FINISHED_FAILURE'
}

/** The text of a small file of the task, or undefined when it does not exist. */
export async function textOf(task: RunnableTask, name: string): Promise<string | undefined> {
  try {
    return await readFile(task.file(name), 'utf8')
  } catch (cause) {
    if ((cause as { code?: string }).code === 'ENOENT') return undefined
    throw cause
  }
}
