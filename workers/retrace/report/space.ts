/**
 * Which results are written where the disk is nearly full: RETRACE_MIN_FREE_MB is for everybody, and what a debugger says can be
 * large. Small ones always are, since with them the core goes. Pure.
 */
import type { Result } from '../../../src/task/files.ts'

/** Bytes of all results that need no room. */
const SMALL = 1_048_576
/** Beside the cut text. */
const KEPT_TEXT = SMALL / 2
/** What is told elsewhere, too, the largest first. */
const SPARED: readonly Result[] = ['backtrace.json', 'backtrace.md', 'modules.json']

export interface Fitting {
  readonly files: readonly (readonly [Result, string])[]
  /** Names of those that are left out or cut. */
  readonly lacking: readonly Result[]
}

/** `room`: bytes that may still be written. */
export function fittingResults(files: readonly (readonly [Result, string])[], room: number): Fitting {
  const lacking: Result[] = []
  let kept = [...files]
  const fits = () => kept.reduce((sum, [, text]) => sum + text.length, 0) <= Math.max(SMALL, room)
  for (const name of SPARED) {
    if (fits()) break
    if (kept.some(([each]) => each === name)) lacking.push(name)
    kept = kept.filter(([each]) => each !== name)
  }
  if (!fits()) {
    kept = kept.map(([name, text]) => {
      if (text.length <= KEPT_TEXT) return [name, text] as const
      lacking.push(name)
      return [
        name,
        `${text.slice(0, text.lastIndexOf('\n', KEPT_TEXT))}\n\nNote: cut: the disk is nearly full\n`,
      ] as const
    })
  }
  return { files: kept, lacking }
}
