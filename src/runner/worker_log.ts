/**
 * The end of `worker.log`: what the worker does now. Its lines are `STEP: text`, written for the person who waits.
 */
import { open } from 'node:fs/promises'
import { quote } from '../text/escape.ts'
import type { Task } from '../task/task.ts'

const TAIL = 4096
const STEP = /^[a-z]{2,20}(?=: )/

/** The last line that names a step, fit to be shown; undefined while there is none. */
export async function lastLine(task: Task): Promise<string | undefined> {
  if (!await task.has('worker.log')) return undefined
  const handle = await open(task.file('worker.log'), 'r')
  try {
    const { size } = await handle.stat()
    const tail = new Uint8Array(Math.min(size, TAIL))
    const { bytesRead } = await handle.read(tail, 0, tail.length, size - tail.length)
    const lines = new TextDecoder().decode(tail.subarray(0, bytesRead)).split('\n')
    const line = lines.findLast((candidate) => STEP.test(candidate))
    return line === undefined ? undefined : quote(line)
  } finally {
    await handle.close()
  }
}

/** The step that the last line names, e.g. `fetch`. */
export async function lastStep(task: Task): Promise<string | undefined> {
  return STEP.exec(await lastLine(task) ?? '')?.[0]
}
