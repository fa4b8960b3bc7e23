/** The end of a task: its results appear in their order, and what it no longer needs is removed. */
import { stdout } from 'node:process'
import { errnoOf } from '../../src/errors/errno.ts'
import { freeBytes } from '../../src/files/space.ts'
import { endedEarly } from '../../src/task/outcome.ts'
import { parseOutcome } from '../../src/task/outcome_file.ts'
import { asideHas, asideText, dropAside, newestAside, setAside, takeAside, type Wanted } from '../../src/task/rounds.ts'
import type { Result } from '../../src/task/files.ts'
import type { Task } from '../../src/task/task.ts'
import { count } from '../../src/text/count.ts'
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
  if (isWorseThanBefore(task, report)) return await endAsBefore(task, `${code}: ${summary}`)
  if (isWholeBefore(task, report, lacking)) {
    return await endAsBefore(
      task,
      `The disk is nearly full (RETRACE_MIN_FREE_MB); with more memory there was no room for ${lacking.join(', ')}.`,
    )
  }
  await writeResults(task, [...files, ['retrace-log', logBefore(task) + said.text()]])
  tidy(task)
}

/**
 * Whether a run with more memory shows less than the one before it: no backtrace, or one that came to no end, where that had one. Then
 * that one's result is the task's, and nothing more is asked.
 */
export function isWorseThanBefore(
  task: Task,
  { hasBacktrace, outcome }: Pick<Report, 'hasBacktrace' | 'outcome'>,
): boolean {
  const aside = newestAside(task)
  if (aside === undefined || !asideHas(task, aside, 'backtrace')) return false
  if (!hasBacktrace) return true
  const before = parseOutcome(asideText(task, aside, 'outcome.json'))?.code
  return before !== undefined && endedEarly(outcome.code) && !endedEarly(before)
}

/**
 * Whether the disk has no room for all of a result with more memory, and the one before is there whole: no value that was missed is
 * worth the file that programs and pages read, or the end of the text. What came to its end is worth more than what did not.
 */
function isWholeBefore(task: Task, { outcome }: Pick<Report, 'outcome'>, lacking: readonly Result[]): boolean {
  const aside = newestAside(task)
  if (aside === undefined || !asideHas(task, aside, 'backtrace')) return false
  if (!lacking.some((name) => asideHas(task, aside, name))) return false
  const before = parseOutcome(asideText(task, aside, 'outcome.json'))?.code
  return before !== undefined && (endedEarly(outcome.code) || !endedEarly(before))
}

async function endAsBefore(task: Task, why: string): Promise<void> {
  await takeAside(task, `${why} This is the result of the run before.`)
  tidy(task)
}

/**
 * Keeps a whole result for the case that nothing better comes, and says what would make it better. False: the disk does not take it,
 * and nothing of it is there.
 */
export async function keepAside(
  task: Task,
  report: Report,
  { said, watch, wanted }: { said: Journal; watch: Stopwatch; wanted: Wanted },
): Promise<boolean> {
  const { code, summary } = report.outcome
  const bytes = wanted.ranges.reduce((sum, { length }) => sum + length, 0)
  said.say('report', `${code}: ${summary}`)
  said.say(
    'report',
    `round ${wanted.round} of ${wanted.rounds}: ${count(bytes, 'byte')} of memory that was missed can be sent`,
  )
  said.say('done', watch.summary())
  try {
    await setAside(task, [...report.files, ['retrace-log', logBefore(task) + said.text()]], wanted)
    return true
  } catch (cause) {
    if (errnoOf(cause) === undefined) throw cause
    dropAside(task, wanted)
    said.complain('report', `no more memory is asked for: ${cause instanceof Error ? cause.message : cause}`)
    return false
  }
}

/** The log of the runs before this one. */
function logBefore(task: Task): string {
  const aside = newestAside(task)
  return aside === undefined ? '' : asideText(task, aside, 'retrace-log') ?? ''
}

/** A task that has ended already: only what a killed run left is tidied up. Whether it has a backtrace. */
export function endAgain(task: Task): boolean {
  tidy(task)
  const isSuccess = task.state() === 'FINISHED_SUCCESS'
  stdout.write(`done: this task has ended before; see ${isSuccess ? 'backtrace' : 'retrace-log'}\n`)
  return isSuccess
}
