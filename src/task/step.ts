/**
 * What the worker of a task does now: it says so in the file `step`, as a word of a closed list that the server reads.
 * Written by rename and never flushed: the word is for the living, and a task that is run again begins anew.
 */
import { errnoOf } from '../errors/errno.ts'
import type { Task } from './task.ts'
import { writeNote } from './write.ts'

/**
 * In their order (docs/architecture.md, 'The worker's steps'). `fetch` is a part of `resolve` that has its own clock.
 */
export const STEPS = ['read', 'resolve', 'fetch', 'assemble', 'debug', 'report'] as const
export type Step = (typeof STEPS)[number]

/** Says which step begins. A disk that does not take the word stops nobody. */
export function writeStep(task: Task, step: Step): void {
  try {
    writeNote(task, 'step', `${step}\n`)
  } catch (cause) {
    if (errnoOf(cause) === undefined) throw cause
  }
}

/** The step that the worker said last; undefined before its first, and for what is no step. */
export function readStep(task: Task): Step | undefined {
  const word = task.text('step')?.trim()
  return STEPS.find((step) => step === word)
}
