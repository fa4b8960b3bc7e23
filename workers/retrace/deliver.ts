/** The end of a task: its results appear in their order, and what it no longer needs is removed. */
import { stdout } from 'node:process'
import type { Task } from '../../src/task/task.ts'
import { tidy } from '../../src/task/tidy.ts'
import { writeResults } from '../../src/task/write.ts'
import type { Journal } from './journal.ts'
import type { Report } from './report.ts'
import type { Stopwatch } from './time/stopwatch.ts'

/** Writes the results, the log last of all; then the core goes. */
export async function deliver(
  task: Task,
  report: Report,
  { said, watch }: { said: Journal; watch: Stopwatch },
): Promise<void> {
  const { code, summary, next_step } = report.outcome
  said.say('report', `${code}: ${summary}`)
  if (code !== 'ok') said.say('report', `next: ${next_step}`)
  said.say('done', watch.summary())
  await writeResults(task, [...report.files, ['retrace-log', said.text()]])
  tidy(task)
}

/** A task that has ended already: only what a killed run left is tidied up. Whether it has a backtrace. */
export function endAgain(task: Task): boolean {
  tidy(task)
  const isSuccess = task.state() === 'FINISHED_SUCCESS'
  stdout.write(`done: this task has ended before; see ${isSuccess ? 'backtrace' : 'retrace-log'}\n`)
  return isSuccess
}
