/**
 * The end of `worker.log`: what the worker says to the person who waits. Nothing is concluded from that text: the step
 * of a task has a file of its own.
 */
import { plainSize, readPlain } from '../files/plain.ts'
import { STEPS } from '../task/step.ts'
import { quote } from '../text/escape.ts'
import type { Task } from '../task/task.ts'

const TAIL = 4096

/** The last whole line of the worker's own, fit to be shown; undefined while there is none. */
export function lastLine(task: Task): string | undefined {
  const path = task.file('worker.log')
  const tail = readPlain(path, { position: Math.max(0, (plainSize(path) ?? 0) - TAIL), length: TAIL })
  const lines = new TextDecoder().decode(tail).split('\n')
  const line = lines.findLast((each) => STEPS.some((step) => each.startsWith(`${step}: `)))
  return line === undefined ? undefined : quote(line)
}
