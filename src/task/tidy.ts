/**
 * Removes what an ended task no longer needs, and what a run that was killed left behind. The core goes last: as long
 * as it is there, the rest may be, too. Synchronous.
 */
import { lstatSync, rmSync } from 'node:fs'
import { plainSize } from '../files/plain.ts'
import { ROUND_FILES, WORKING_FILES } from './files.ts'
import type { Task } from './task.ts'
import { partialsOf } from './write.ts'

/** Removes what stands in the place of a file that the server writes, and is none; names of those. */
export function removeInTheWay(task: Task): string[] {
  const names = (['started', 'worker.log'] as const).filter((name) => {
    return isSomething(task.file(name)) && plainSize(task.file(name)) === undefined
  })
  for (const name of names) rmSync(task.file(name), { recursive: true, force: true })
  return names
}

/** Removes what a run makes beside its results, so that the task can begin again. */
export function removeTraces(task: Task): void {
  for (const path of tracesOf(task)) rmSync(path, { recursive: true, force: true })
}

/** Removes what an ended task needs no more. */
export function tidy(task: Task): void {
  removeTraces(task)
  for (const name of ROUND_FILES) rmSync(task.file(name), { recursive: true, force: true })
  rmSync(task.file('coredump'), { recursive: true, force: true })
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

/** A link counts that leads nowhere, too. */
function isSomething(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}
