/**
 * Why a worker ended without ending its task, and what is said of it. Pure. The step comes from the file `step`, never
 * from text that the worker wrote for people.
 */
import { isDiskFull } from '../errors/errno.ts'
import { type Advice, adviceText, EXIT_DISK_FULL, type Outcome, type OutcomeCode } from '../task/outcome.ts'
import type { Step } from '../task/step.ts'
import type { WorkerEnd } from './worker_process.ts'

/** `timeout`: the runner ended it for its time. */
export type Death =
  | { kind: 'timeout'; timeoutS: number; step: Step | undefined }
  | { kind: 'disk-full' }
  | { kind: 'not-started' }
  | { kind: 'signal'; signal: string; step: Step | undefined }
  | { kind: 'exit'; code: number | null; step: Step | undefined }

/** What env, nice, setpriv and the shell end with where the next program cannot be executed (env(1)). */
const NEVER_RAN = [125, 126, 127]

/** `timeoutS` when the runner ended the worker for its time; `step` is the last one that it named. */
export function causeOfDeath(
  end: WorkerEnd,
  { timeoutS, step }: { timeoutS: number | undefined; step: Step | undefined },
): Death {
  if (timeoutS !== undefined) return { kind: 'timeout', timeoutS, step }
  if (end.code === EXIT_DISK_FULL || isDiskFull(end.error)) return { kind: 'disk-full' }
  if (end.error !== undefined || NEVER_RAN.includes(end.code ?? 0)) return { kind: 'not-started' }
  if (end.signal !== null) return { kind: 'signal', signal: end.signal, step }
  return { kind: 'exit', code: end.code, step }
}

/** The outcome of a task whose worker died so. */
export function outcomeOfDeath(death: Death): Outcome {
  const { code, advice } = judge(death)
  return { code, summary: summaryOf(death), next_step: adviceText([advice]) }
}

function judge(death: Death): { code: OutcomeCode; advice: Advice } {
  switch (death.kind) {
    case 'timeout': {
      const code = death.step === 'fetch' || death.step === 'resolve' ? 'fetch-timeout' : 'debugger-timeout'
      return { code, advice: code }
    }
    case 'disk-full':
      return { code: 'disk-full', advice: 'disk-full' }
    case 'not-started':
      return { code: 'server-unfit', advice: 'server-unfit' }
    case 'signal':
      return { code: 'killed', advice: 'killed' }
    case 'exit':
      return { code: 'internal', advice: 'internal' }
  }
}

function summaryOf(death: Death): string {
  switch (death.kind) {
    case 'timeout':
      return `The task took longer than ${death.timeoutS} s (RETRACE_TASK_TIMEOUT_S) and was stopped${during(death)}.`
    case 'disk-full':
      return 'The disk of the server was full, so that the results could not be written.'
    case 'not-started':
      return 'The worker could not be started.'
    case 'signal':
      return `The worker was killed by ${death.signal}${during(death)}, perhaps because memory ran out.`
    case 'exit':
      return `The worker ended with exit code ${death.code}${during(death)} before it had finished its log.`
  }
}

function during({ step }: { step: Step | undefined }): string {
  return step === undefined ? '' : ` during the step '${step}'`
}
