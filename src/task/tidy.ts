/**
 * Removes what an ended task no longer needs, and what a run that was killed left behind. The core goes last: as long
 * as it is there, the rest may be, too. Synchronous.
 */
import { rmSync } from 'node:fs'
import { WORKING_FILES } from './files.ts'
import type { Task } from './task.ts'
import { partialsOf } from './write.ts'

/** Removes what a run makes beside its results, so that the task can begin again. */
export function removeTraces(task: Task): void {
  for (const path of tracesOf(task)) rmSync(path, { recursive: true, force: true })
}

/** Removes what an ended task needs no more. */
export function tidy(task: Task): void {
  removeTraces(task)
  rmSync(task.file('coredump'), { force: true })
}

/** Whether an ended task has been tidied: one look at the core, not one at each file. */
export function isTidy(task: Task): boolean {
  return !task.has('coredump')
}

/** Absolute paths of half-written files, of the links and of the step, as far as there are such. */
export function tracesOf(task: Task): string[] {
  const own = WORKING_FILES.filter((name) => task.has(name)).map((name) => task.file(name))
  return [...partialsOf(task), ...own]
}
