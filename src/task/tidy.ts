/**
 * What goes when a task has ended, and what a run that was killed left behind. The core goes last of all: where it is
 * still there, the rest may be.
 */
import { rmSync } from 'node:fs'
import type { Task } from './task.ts'
import { removePartials } from './write.ts'

/** Removes what a run makes beside its results: its step, links, half-written files. The task can begin again. */
export function removeTraces(task: Task): void {
  removePartials(task)
  for (const name of ['root', 'step'] as const) rmSync(task.file(name), { recursive: true, force: true })
}

/** Removes what an ended task needs no more. */
export function tidy(task: Task): void {
  removeTraces(task)
  rmSync(task.file('coredump'), { force: true })
}

/** Whether an ended task has been tidied: one look, not one for each thing. */
export function isTidy(task: Task): boolean {
  return !task.has('coredump')
}
