/** What a task that has ended adds to the metrics. Labels are words of closed lists, whatever a worker wrote. */
import type { Metrics } from '../telemetry/metrics.ts'
import type { TaskState } from '../task/state.ts'
import type { RecordedOutcome } from '../task/outcome_file.ts'

export interface TaskEnd {
  state: TaskState
  outcome: RecordedOutcome | undefined
  /** From the end of the upload to the end of the task. */
  seconds: number
}

export function countEnd(metrics: Metrics, { state, outcome, seconds }: TaskEnd): void {
  metrics.ended.inc({ state, outcome: outcome?.code ?? 'unknown' })
  metrics.taskSeconds.observe(seconds)
  for (const [step, took] of Object.entries(outcome?.seconds ?? {})) {
    if (step !== 'total' && took !== undefined) metrics.stepSeconds.observe({ step }, took)
  }
  for (const [status, count] of Object.entries(outcome?.modules ?? {})) {
    if (status !== 'total') metrics.modules.inc({ status }, count)
  }
  for (const [from, count] of Object.entries(outcome?.packages ?? {})) metrics.packages.inc({ from }, count)
}
