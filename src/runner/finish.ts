/**
 * The end of a task whose worker has ended: its result is there, taken from what was kept aside, or written from how the worker died;
 * then what it needed is removed, and what outlives it remembered.
 */
import { newestAside, takeAside } from '../task/rounds.ts'
import { readOutcome } from '../task/outcome_file.ts'
import { readStep } from '../task/step.ts'
import { tidy } from '../task/tidy.ts'
import { log } from '../telemetry/log.ts'
import { causeOfDeath, outcomeOfDeath } from './death.ts'
import type { Job } from './job.ts'
import type { RunnerOptions } from './options.ts'
import { persist } from './patience.ts'
import { endTask } from './post_mortem.ts'
import { logRemarks } from './remarks.ts'
import { remember } from './remember.ts'
import { RUN_DIED } from './rounds.ts'
import type { WorkerEnd } from './worker_process.ts'

/** How the last worker of a task ended. */
export interface Death {
  end: WorkerEnd
  timedOut: boolean
}

/** Waits while the disk is full, until `isOver`. `whyAside`: the log's last line, where the result is that of an earlier run. */
export async function finish(
  job: Job,
  { end, timedOut }: Death,
  { options, isOver, whyAside = RUN_DIED }: { options: RunnerOptions; isOver: () => boolean; whyAside?: string },
): Promise<void> {
  const { task } = job
  const write = (act: () => Promise<void>) => persist(task.id, { act, isOver })
  logRemarks(task)
  if (newestAside(task) !== undefined) await write(async () => void await takeAside(task, whyAside))
  if (!task.hasEnded()) {
    const timeoutS = timedOut ? options.config.taskTimeoutS : undefined
    const outcome = outcomeOfDeath(causeOfDeath(end, { timeoutS, step: readStep(task) }))
    log('runner').warning(outcome.summary, { task: task.id, ...(end.error && { cause: end.error.message }) })
    await write(() => endTask(task, outcome))
  }
  tidy(task)
  const [state, outcome] = [task.state(), readOutcome(task)]
  const seconds = (Date.now() - job.accepted - job.waitedMs) / 1000
  remember(options, job, { state, outcome, seconds })
  log('runner').info(`${state} ${outcome?.code ?? ''} after ${seconds.toFixed(1)} s`, { task: task.id })
}
