/**
 * The end of `worker.log`: what the worker says to the person who waits. Nothing is concluded from that text: the step
 * of a task has a file of its own.
 */
import { open } from 'node:fs/promises'
import { STEPS } from '../task/step.ts'
import { quote } from '../text/escape.ts'
import type { Task } from '../task/task.ts'

const TAIL = 4096

/** The last whole line of the worker's own, fit to be shown; undefined while there is none. */
export async function lastLine(task: Task): Promise<string | undefined> {
  if (!task.has('worker.log')) return undefined
  const handle = await open(task.file('worker.log'), 'r')
  try {
    const { size } = await handle.stat()
    const tail = new Uint8Array(Math.min(size, TAIL))
    const { bytesRead } = await handle.read(tail, 0, tail.length, size - tail.length)
    const lines = new TextDecoder().decode(tail.subarray(0, bytesRead)).split('\n')
    const line = lines.findLast((each) => STEPS.some((step) => each.startsWith(`${step}: `)))
    return line === undefined ? undefined : quote(line)
  } finally {
    await handle.close()
  }
}
