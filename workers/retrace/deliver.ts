/** The end of a task: its results appear in their order, and what it no longer needs is removed. */
import { stdout } from 'node:process'
import { freeBytes } from '../../src/files/space.ts'
import type { Task } from '../../src/task/task.ts'
import { tidy } from '../../src/task/tidy.ts'
import { writeResults } from '../../src/task/write.ts'
import { MIB } from '../../src/units/bytes.ts'
import type { Journal } from './journal.ts'
import type { Report } from './report.ts'
import { fittingResults } from './report/space.ts'
import type { Stopwatch } from './time/stopwatch.ts'

/** Writes the results, the log last of all; then the core goes. */
export async function deliver(
  task: Task,
  report: Report,
  { said, watch, minFreeMb }: { said: Journal; watch: Stopwatch; minFreeMb: number },
): Promise<void> {
  const { code, summary, next_step } = report.outcome
  said.say('report', `${code}: ${summary}`)
  if (code !== 'ok') said.say('report', `next: ${next_step}`)
  const { files, lacking } = fittingResults(report.files, freeBytes(task.directory) - minFreeMb * MIB)
  if (lacking.length > 0) {
    said.say('report', `left out or cut, since the disk is nearly full (RETRACE_MIN_FREE_MB): ${lacking.join(', ')}`)
  }
  said.say('done', watch.summary())
  await writeResults(task, [...files, ['retrace-log', said.text()]])
  tidy(task)
}

/** A task that has ended already: only what a killed run left is tidied up. Whether it has a backtrace. */
export function endAgain(task: Task): boolean {
  tidy(task)
  const isSuccess = task.state() === 'FINISHED_SUCCESS'
  stdout.write(`done: this task has ended before; see ${isSuccess ? 'backtrace' : 'retrace-log'}\n`)
  return isSuccess
}
