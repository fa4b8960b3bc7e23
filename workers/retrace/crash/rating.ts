/**
 * How good a backtrace is by libsatyr's rules (satyr/satyr.ts), with what each point is missing for: the frames without
 * names or lines, by module. Pure.
 */
import type { ReportThread } from '../report/frames.ts'
import type { ResolvedModule } from '../resolve/resolve.ts'
import type { Assessment, Lack, Rating } from '../satyr/satyr.ts'

export interface Rated {
  readonly rating: Rating
  readonly quality: number
  readonly simple: number
  /** What costs most comes first. */
  readonly reasons: readonly RatingReason[]
}

export interface RatingReason {
  /** Undefined: frames outside of every file. */
  readonly module: ResolvedModule | undefined
  /** Without names, and with names but without source lines. */
  readonly nameless: number
  readonly lineless: number
  /** Of the quality, which is 1 at most. */
  readonly cost: number
  /** The frames are of the crashed thread, the first of which count most. */
  readonly isOfCrashed: boolean
}

export function ratedOf(
  { rating, complex, simple, lacks, crashed }: Assessment,
  threads: readonly ReportThread[],
): Rated {
  const groups = new Map<string, RatingReason>()
  const byNumber = new Map(threads.map((thread) => [thread.number, thread]))
  for (const lack of lacks) {
    const module = byNumber.get(lack.thread)?.frames[lack.level]?.module
    const isOfCrashed = lack.thread === crashed?.number
    const key = `${isOfCrashed} ${module?.module.path ?? ''} ${module?.module.start ?? ''}`
    groups.set(key, added(groups.get(key) ?? { module, nameless: 0, lineless: 0, cost: 0, isOfCrashed }, lack))
  }
  return { rating, quality: complex, simple, reasons: [...groups.values()].sort((a, b) => b.cost - a.cost) }
}

function added(group: RatingReason, { isNamed, cost }: Lack): RatingReason {
  return {
    ...group,
    nameless: group.nameless + (isNamed ? 0 : 1),
    lineless: group.lineless + (isNamed ? 1 : 0),
    cost: group.cost + cost,
  }
}
