/**
 * How far a program stands back from others, where each session is a group of the scheduler (sched(7), 'The autogroup feature'):
 * nice(2) then weighs within a session only, and each program that is started here begins one. The group has a niceness of its own.
 */
import { getPriority, setPriority } from 'node:os'
import { autogroupOf, childrenOf, ownThread, setAutogroup } from './proc.ts'

/** Until a sandbox has its own session; and who is not root may change one group in a tenth of a second, all together. */
const PAUSES_MS = [5, 10, 20, 50, 100, 150, 150, 150, 150, 500, 1000]

/** That of the thread that asks, -20 to 19: what it starts has the same. */
export function ownNiceness(): number {
  return getPriority()
}

/** Lets the thread that calls, and what it starts, stand back from the others of this process. Never throws: where that cannot be, it does not. */
export function threadStandsBack(niceness: number): void {
  const thread = ownThread()
  try {
    if (thread !== undefined && niceness > ownNiceness()) setPriority(thread, niceness)
  } catch {
    // As before, then.
  }
}

/**
 * Gives the session that a program leads its niceness, and that of its child where bwrap makes one (`--new-session`). Never throws:
 * where there are no such groups, nice(2) is enough.
 */
export function standBack(leader: number, niceness: number, tries = 0): void {
  const own = autogroupOf(leader)
  if (own === undefined) return
  const [child] = childrenOf(leader)
  const inner = child === undefined ? undefined : autogroupOf(child)
  const isOuterDone = own.niceness === niceness || setAutogroup(leader, niceness)
  const isInnerDone = inner !== undefined && child !== undefined && inner.name !== own.name &&
    (inner.niceness === niceness || setAutogroup(child, niceness))
  const pause = PAUSES_MS[tries]
  if (pause === undefined || isOuterDone && isInnerDone) return
  setTimeout(() => standBack(leader, niceness, tries + 1), pause).unref()
}
