/** Recursion in a stack: functions that call each other again and again, as one cycle and how often it was passed. Pure. */

export interface Cycle {
  /** Frames before the first pass. */
  readonly start: number
  /** The functions of one pass, the newest first. */
  readonly names: readonly string[]
  readonly passes: number
}

const MAX_LENGTH = 32
const MAX_START = 32
/** Fewer passes are no recursion that counts. */
const MIN_PASSES = 3

/** The cycle near the top of a stack that covers most frames, the shortest such; undefined: there is none. */
export function cycleOf(names: readonly string[]): Cycle | undefined {
  let best: Cycle | undefined
  for (let length = 1; length <= Math.min(MAX_LENGTH, names.length / MIN_PASSES); length++) {
    for (let start = 0; start <= Math.min(MAX_START, names.length - length * MIN_PASSES); start++) {
      const passes = passesFrom(names, start, length)
      if (passes < MIN_PASSES || (best !== undefined && passes * length <= best.passes * best.names.length)) continue
      best = { start, names: names.slice(start, start + length), passes }
      // A later start of the same cycle covers less.
      break
    }
  }
  return best
}

function passesFrom(names: readonly string[], start: number, length: number): number {
  let same = 0
  while (start + length + same < names.length && names[start + length + same] === names[start + same]) same++
  return Math.floor((same + length) / length)
}

/** The same cycle wherever it was entered: it begins with the name that sorts first. */
export function rotated(names: readonly string[]): string[] {
  const turns = names.map((_, at) => [...names.slice(at), ...names.slice(0, at)])
  return turns.sort((a, b) => (a.join('\n') < b.join('\n') ? -1 : 1))[0] ?? []
}
