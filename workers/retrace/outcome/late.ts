/** Which step ran out of time. Pure. Owns that a debugger for which no time was left is late, and not missing. */

export interface Clock {
  readonly fetchIsLate: boolean
  /** Nothing is left of the task's time. */
  readonly isOver: boolean
  /** Some debugger serves the architecture of the core. */
  readonly hasEngine: boolean
  /** What came of the debuggers: the one that is believed, and why others were passed over. */
  readonly debugged: { readonly engine: string | undefined; readonly rejected: readonly string[] }
}

export function lateStep({ fetchIsLate, isOver, hasEngine, debugged }: Clock): 'fetch' | 'debug' | undefined {
  const { engine, rejected } = debugged
  if (isOver && engine !== undefined) return 'debug'
  if (fetchIsLate) return 'fetch'
  return isOver && hasEngine && rejected.length === 0 ? 'debug' : undefined
}
