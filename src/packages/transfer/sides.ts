/**
 * From which side a host may answer. The administrator's own addresses may be in this machine's network or outside; what others
 * name (a redirect, a list of mirrors) may be inside only where who names it is. Who has answered from outside does not
 * move inside: its name may be a stranger's, who can change what it stands for.
 */
import type { Side } from './connector.ts'

/** Origins and the side from which each answered last. */
const answered = new Map<string, Side>()
/** Hosts of repositories and their mirrors; more are forgotten. */
const MAX_ANSWERED = 10_000

/** The sides to try, the likely one first. */
export function sidesOf({ origin }: URL, mayBeInside: boolean): readonly [Side, ...Side[]] {
  const before = answered.get(origin)
  if (!mayBeInside || before === 'outside') return ['outside']
  return before === 'inside' ? ['inside', 'outside'] : ['outside', 'inside']
}

export function noteAnswer({ origin }: URL, side: Side): void {
  if (answered.size >= MAX_ANSWERED) answered.clear()
  answered.set(origin, side)
}
