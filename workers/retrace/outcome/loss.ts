/** What a backtrace lacks although its modules are here: parts of the core, and what limits left out. Pure. */
import type { Core } from '../../../src/elf/core.ts'
import type { ReportThread } from '../report/frames.ts'
import { type CutOff, cutOffIn } from '../report/lacking_memory.ts'
import { type FrameLoss, frameLossesOf } from './frame_loss.ts'

export type Loss =
  | FrameLoss
  /** The end of the core is missing. */
  | { readonly kind: 'cut-off' } & CutOff
  /** The core does not hold the stacks of some threads. */
  | { readonly kind: 'no-stacks'; readonly threads: number; readonly of: number }
  /** The text reached its limit before all values were in it. */
  | { readonly kind: 'no-values'; readonly frames: number }
  /** A limit was reached before all threads were asked about. */
  | { readonly kind: 'no-threads'; readonly threads: number; readonly of: number }

/** `threadCount`: how many threads the core has. */
export function lossesOf(core: Core, threads: readonly ReportThread[], threadCount: number): Loss[] {
  const losses: Loss[] = []
  const cutOff = cutOffIn(core)
  if (cutOff !== undefined) losses.push({ kind: 'cut-off', ...cutOff })
  const stackless = threads.filter((thread) => thread.stackMissing).length
  if (stackless > 0) losses.push({ kind: 'no-stacks', threads: stackless, of: threads.length })
  const cut = threads.reduce((sum, thread) => sum + thread.cutFrames, 0)
  if (cut > 0) losses.push({ kind: 'no-values', frames: cut })
  if (threadCount > threads.length && threads.length > 0) {
    losses.push({ kind: 'no-threads', threads: threadCount - threads.length, of: threadCount })
  }
  return [...losses, ...frameLossesOf(core, threads)]
}
