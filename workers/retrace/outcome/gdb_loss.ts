/** What a backtrace lacks because gdb ended, hung or failed over it, with the threads that it is of. Pure. */
import type { Cause, Lost } from '../gdb/thread_record.ts'
import type { Conversation } from '../gdb/told.ts'
import type { ReportThread } from '../report/frames.ts'

export type GdbLoss =
  /** Frames of threads behind those that came, and all values of frames. */
  | { readonly kind: 'no-frames' | 'no-thread-values' } & LostOfThreads
  /** Single values. */
  | {
    readonly kind: 'no-single-values'
    readonly values: number
    readonly threads: readonly number[]
    readonly why: string
  }
  /** Of the crashed thread, or of the process. */
  | { readonly kind: 'no-detail'; readonly what: string; readonly cause: Cause; readonly why: string }

export interface LostOfThreads {
  readonly cause: Cause
  /** What gdb said, or what was said of it. */
  readonly why: string
  /** Their numbers. */
  readonly threads: readonly number[]
}

/** What retrace.py has in the place of a value when an assertion of gdb's failed over it. */
const GDB_FAILED = 'internal error of gdb'

export function gdbLossesOf(
  threads: readonly ReportThread[],
  { lostDetails, assertion }: Pick<Conversation, 'lostDetails' | 'assertion'>,
): GdbLoss[] {
  const failed = threads.filter((thread) => failedValues(thread) > 0)
  const single: GdbLoss = {
    kind: 'no-single-values',
    values: failed.reduce((sum, thread) => sum + failedValues(thread), 0),
    threads: failed.map(({ number }) => number),
    why: assertion ?? GDB_FAILED,
  }
  return [
    ...lostParts(threads, 'frames', 'no-frames'),
    ...lostParts(threads, 'values', 'no-thread-values'),
    ...(failed.length > 0 ? [single] : []),
    ...lostDetails.map((each) => ({ kind: 'no-detail' as const, ...each })),
  ]
}

/** One for each cause. */
function lostParts(
  threads: readonly ReportThread[],
  part: Lost['part'],
  kind: 'no-frames' | 'no-thread-values',
): GdbLoss[] {
  const causes = new Map<string, LostOfThreads & { threads: number[] }>()
  for (const { number, lost } of threads) {
    for (const { cause, why } of lost.filter((each) => each.part === part)) {
      const key = `${cause} ${why.replace(/\d+/g, '')}`
      const known = causes.get(key) ?? { cause, why, threads: [] }
      causes.set(key, known)
      if (known.threads.at(-1) !== number) known.threads.push(number)
    }
  }
  return [...causes.values()].map((each) => ({ kind, ...each }))
}

function failedValues({ frames }: ReportThread): number {
  return frames.flatMap((frame) => [...frame.arguments, ...frame.locals])
    .filter(({ state, value }) => state === 'unavailable' && value.includes(GDB_FAILED)).length
}
