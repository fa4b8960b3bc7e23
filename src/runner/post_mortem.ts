/**
 * What is written for a worker that ended without `retrace-log`: the outcome, then the log from `worker.log`, last of
 * all, so that no accepted task stays PENDING for ever (docs/architecture.md, 'A task's directory').
 */
import { endLog } from '../task/log.ts'
import type { Outcome } from '../task/outcome.ts'
import { outcomeText } from '../task/outcome_file.ts'
import { readStep } from '../task/step.ts'
import type { Task } from '../task/task.ts'
import { writeResults } from '../task/write.ts'

/** Ends a task whose worker did not. Does nothing when it has ended, or is not there any more. */
export async function endTask(task: Task, outcome: Outcome): Promise<void> {
  if (task.hasEnded() || !task.exists()) return
  if (!task.has('outcome.json')) {
    const text = outcomeText(outcome, { step: readStep(task), package: undefined, release: undefined })
    await writeResults(task, [['outcome.json', text]])
  }
  await endLog(task, `${outcome.summary} ${outcome.next_step}`)
}
