/**
 * What is kept of a task that has ended, beyond its directory. Where nobody else writes to the database it is there at once; else
 * nobody waits for it: neither the next task, nor who deletes this one, nor the server's end.
 */
import type { TaskState } from '../task/state.ts'
import type { RecordedOutcome } from '../task/outcome_file.ts'
import { log } from '../telemetry/log.ts'
import { asError } from '../errors/errno.ts'
import { countEnd } from './count.ts'
import type { Job } from './job.ts'
import type { RunnerOptions } from './options.ts'

/** `seconds`: what the task took. A row in package_time for one that ended with a backtrace; none when nobody knows the package. */
export function remember(
  { estimates, memory, counts, metrics }: Pick<RunnerOptions, 'estimates' | 'memory' | 'counts' | 'metrics'>,
  job: Job,
  { state, outcome, seconds }: { state: TaskState; outcome: RecordedOutcome | undefined; seconds: number },
): void {
  const { task } = job
  countEnd(metrics, { state, outcome, seconds })
  if (state === 'FINISHED_SUCCESS' && outcome?.package !== undefined) {
    void estimates.record({ package: outcome.package, release: outcome.release }, seconds).catch((cause) => {
      log('runner').warning(`How long it took is not remembered: ${asError(cause).message}`, { task: task.id })
    })
  }
  void memory.record(job, outcome)
  void counts.count(task, outcome)
}
