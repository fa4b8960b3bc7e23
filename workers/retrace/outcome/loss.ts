/** What a backtrace lacks although its modules are here: parts of the core, and what limits left out. Pure. */
import type { Core } from '../../../src/elf/core.ts'
import type { ReportThread } from '../report/frames.ts'
import type { SessionEnd } from '../gdb/session.ts'
import { type CutOff, cutOffIn } from '../report/lacking_memory.ts'
import { type FrameLoss, frameLossesOf } from './frame_loss.ts'
import type { GdbLoss } from './gdb_loss.ts'

export type Loss =
  | FrameLoss
  | GdbLoss
  /** The end of the core is missing. */
  | { readonly kind: 'cut-off' } & CutOff
  /** The core does not hold the stacks of some threads. */
  | { readonly kind: 'no-stacks'; readonly threads: number; readonly of: number }
  /** The text reached its limit before all values were in it. */
  | { readonly kind: 'no-values'; readonly frames: number }
  /** There are threads that nothing was told of. */
  | { readonly kind: 'no-threads'; readonly threads: number; readonly of: number; readonly why: WhyAbsent }

/**
 * Why threads are not shown: the text was full; the time was over; gdb had ended; it was asked and did not answer.
 */
export type WhyAbsent = 'text-full' | 'late' | 'debugger-ended' | 'unanswered'

/** What is known of the end of the questions. */
export interface EndOfQuestions {
  readonly end: SessionEnd | undefined
  readonly isLate: boolean
  readonly isTextFull: boolean
}

export function whyAbsent({ end, isLate, isTextFull }: EndOfQuestions): WhyAbsent {
  if (end?.kind === 'timeout') return 'late'
  if (end !== undefined && end.kind !== 'closed') return 'debugger-ended'
  if (isTextFull) return 'text-full'
  return isLate ? 'late' : 'unanswered'
}

/** `threadCount`: how many threads the core has. */
export function lossesOf(
  core: Core,
  threads: readonly ReportThread[],
  threadCount: number,
  why: WhyAbsent = 'unanswered',
): Loss[] {
  const losses: Loss[] = []
  const cutOff = cutOffIn(core)
  if (cutOff !== undefined) losses.push({ kind: 'cut-off', ...cutOff })
  const stackless = threads.filter((thread) => thread.stackMissing).length
  if (stackless > 0) losses.push({ kind: 'no-stacks', threads: stackless, of: threads.length })
  const cut = threads.reduce((sum, thread) => sum + thread.cutFrames, 0)
  if (cut > 0) losses.push({ kind: 'no-values', frames: cut })
  if (threadCount > threads.length && threads.length > 0) {
    losses.push({ kind: 'no-threads', threads: threadCount - threads.length, of: threadCount, why })
  }
  return [...losses, ...frameLossesOf(core, threads)]
}
