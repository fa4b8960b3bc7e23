/** Whether one more task fits into memory beside those that run. Pure. */

/** What the decision needs, all in MiB. */
export interface MemoryUse {
  available: number
  /** Resident memory of each running task, its children included. */
  running: number[]
}

/**
 * A task fits when what is available covers its own limit and what the running ones may still grow by.
 * At least one always runs: with none running, every task fits.
 */
export function fits(use: MemoryUse, limitMb: number): boolean {
  if (use.running.length === 0) return true
  const growth = use.running.reduce((sum, used) => sum + Math.max(0, limitMb - used), 0)
  return use.available >= growth + limitMb
}
