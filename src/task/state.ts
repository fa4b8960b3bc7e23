/** What the files of a task's directory say about its state (docs/architecture.md, 'A task's directory'). Pure. */
import type { TaskFile } from './files.ts'

/** The three states of docs/design.txt, chapter 2.2. */
export type TaskState = 'PENDING' | 'FINISHED_SUCCESS' | 'FINISHED_FAILURE'

/** `retrace-log` alone ends a task; `backtrace` beside it makes it a success. */
export function stateOf(has: (name: TaskFile) => boolean): TaskState {
  if (!has('retrace-log')) return 'PENDING'
  return has('backtrace') ? 'FINISHED_SUCCESS' : 'FINISHED_FAILURE'
}
