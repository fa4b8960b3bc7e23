/**
 * The tasks of the spool as a clean-up sees them: age, state, size, whether they may go. Decisions are pure. A task is
 * removed as the spool does it, by a rename first, so that two clean-ups at once, or a server beside one, do no harm.
 */
import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { errnoOf } from '../../src/errors/errno.ts'
import { RetraceError } from '../../src/errors/errors.ts'
import { listTasks } from '../../src/spool/recovery.ts'
import { removeTask as removeFromSpool } from '../../src/spool/removal.ts'
import type { Task } from '../../src/task/task.ts'
import { DAY_MS } from '../../src/units/time.ts'

const BLOCK = 512

/** `waiting`: not ended, and no process works on it. */
export type State = 'success' | 'failure' | 'running' | 'waiting'

export interface SeenTask {
  task: Task
  created: Date
  state: State
  bytes: number
}

/** Every task of the spool, the oldest id first. `busy` are the directories in which processes have files open. */
export async function seeTasks(spoolDir: string, busy: ReadonlySet<string>): Promise<SeenTask[]> {
  const seen: SeenTask[] = []
  for (const task of await listTasks(spoolDir)) {
    const state = stateOf(task, busy)
    const created = createdOf(task)
    // When it is undefined, another program deleted the task after it was listed.
    if (created !== undefined) seen.push({ task, created, state, bytes: sizeOf(task.directory) })
  }
  return seen
}

/** Why a task may not be deleted now; undefined: it may. */
export function reasonToKeep(state: State, { isServerRunning }: { isServerRunning: boolean }): string | undefined {
  if (state === 'running') return 'it runs; to stop it, send DELETE to the server'
  if (state === 'waiting' && isServerRunning) {
    return 'the server has yet to run it; to stop it, send DELETE to the server'
  }
  return undefined
}

/** Whether a task is older than so many days, by its creation time (docs/design.txt, chapter 2.5). */
export function isExpired(created: Date, { now, days }: { now: Date; days: number }): boolean {
  return now.getTime() - created.getTime() > days * DAY_MS
}

/** Deletes a task; false when somebody else has done so meanwhile. */
export async function removeTask(task: Task): Promise<boolean> {
  try {
    await removeFromSpool(task, { isDurable: false })
    return true
  } catch (cause) {
    if (cause instanceof RetraceError && cause.code === 'no-such-task') return false
    throw cause
  }
}

/**
 * Bytes on the disk of a directory and all that is in it, found synchronously; what vanishes meanwhile does not count.
 */
export function sizeOf(path: string): number {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined) return 0
  if (!found.isDirectory()) return found.blocks * BLOCK
  return namesIn(path).reduce((sum, name) => sum + sizeOf(join(path, name)), found.blocks * BLOCK)
}

function stateOf(task: Task, busy: ReadonlySet<string>): State {
  const state = task.state()
  if (state === 'FINISHED_SUCCESS') return 'success'
  if (state === 'FINISHED_FAILURE') return 'failure'
  return busy.has(task.directory) ? 'running' : 'waiting'
}

/** What `created` says; where it is damaged, when the directory was made. */
function createdOf(task: Task): Date | undefined {
  const directory = lstatSync(task.directory, { throwIfNoEntry: false })
  if (directory === undefined) return undefined
  return task.created() ?? (directory.birthtimeMs > 0 ? directory.birthtime : directory.mtime)
}

function namesIn(path: string): string[] {
  try {
    return readdirSync(path)
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return []
    throw cause
  }
}
