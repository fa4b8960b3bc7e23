/** Whether one more task fits into memory beside those that run, and which one has to wait after all. Pure; all in MiB. */

export interface TaskMemory {
  /** Resident memory of its worker and all that it started. */
  used: number
  /** What it is expected to take at most: its limit, where nobody knows. */
  expected: number
}

/** Below this, or a quarter of a task's limit, where that is less, memory is about to run out. */
const SCARCE_MB = 1024

/**
 * A task fits when what is available covers what it and the running ones are still expected to take, and one of them
 * grows to its limit: an estimate may be wrong. At least one always runs: with none running, every task fits.
 */
export function fits(
  { available, running }: { available: number; running: TaskMemory[] },
  one: TaskMemory,
  limitMb: number,
): boolean {
  if (running.length === 0) return true
  const all = [...running, one]
  const growth = all.reduce((sum, { used, expected }) => sum + Math.max(0, expected - used), 0)
  const error = Math.max(...all.map(({ used, expected }) => Math.max(0, limitMb - Math.max(used, expected))))
  return available >= growth + error
}

/** Whether tasks took so much more than was expected that the newest has to make room: never the only one. */
export function isScarce({ available, running }: { available: number; running: number }, limitMb: number): boolean {
  return running > 1 && available < Math.min(SCARCE_MB, limitMb / 4)
}
