/**
 * How many tasks begin at once. A task works hardest when it begins, and all of them on the same processors come to their ends later than a
 * few at a time. One that waits for packages, or a large debugger, has begun: it holds nobody up. Pure.
 */
import { availableParallelism } from 'node:os'

/** So long a task begins: most have ended before. */
const BEGINNING_MS = 1_000
/** On one processor, too, one may wait for packages. */
const LEAST = 2

export function beginnersAtOnce(processors = availableParallelism()): number {
  return Math.max(LEAST, processors)
}

/** Milliseconds until one more may begin, 0 for now. `starts`: when those that run began; a clock that was set back holds nobody up. */
export function mayBeginIn(starts: readonly number[], now: number, atOnce = beginnersAtOnce()): number {
  const left = starts.map((start) => start + BEGINNING_MS - now).filter((ms) => ms > 0 && ms <= BEGINNING_MS)
  return left.sort((a, b) => b - a)[atOnce - 1] ?? 0
}
