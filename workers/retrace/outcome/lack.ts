/** What a module lacks for its frames to be complete and beyond doubt. Pure. */
import type { ReportFrame, ReportThread } from '../report/frames.ts'
import type { FileDamage, ResolvedModule } from '../resolve/resolve.ts'

/**
 * `not-found`: no package here has it. `other-builds`: packages have its path, with other build-ids. `by-path`: the
 * core holds no build-id of it, so its path alone speaks for it. `no-dwz-file`: what its debuginfo leans on is missing; so
 * for `no-split-files`, of which no package has any. `damaged`: gdb cannot read its debuginfo; `unreadable`: nor its file.
 */
export type LackKind =
  | 'not-found'
  | 'other-builds'
  | 'unreadable'
  | 'no-debuginfo'
  | 'damaged'
  | 'no-split-files'
  | 'by-path'
  | 'no-dwz-file'

export interface Lack {
  readonly kind: LackKind
  readonly path: string
  readonly package: string | undefined
  /** That package was removed upstream before it was fetched. */
  readonly isGone: boolean
  /** It has no build-id, and the client did not name its package: one that is named would be searched for its path. */
  readonly isNameable: boolean
  /** Its file was taken by its path alone, whatever else it lacks: nothing proves that it is the right one. */
  readonly isUnproven: boolean
  /** Of its files. */
  readonly damage?: FileDamage
}

/** The worst that a module lacks; undefined when it lacks nothing. */
export function lackOf(resolved: ResolvedModule): Lack | undefined {
  const kind = kindOf(resolved)
  const { module: { path }, package: owner, gone, status, binary, damage } = resolved
  const isUnproven = status === 'by-path' && binary !== undefined
  return kind && {
    kind,
    path,
    package: owner,
    isGone: gone !== undefined,
    isNameable: resolved.isNameable === true,
    isUnproven,
    ...(damage === undefined ? {} : { damage }),
  }
}

function kindOf({ status, binary, debug, damage, missingDwz }: ResolvedModule): LackKind | undefined {
  if (status === 'not-applicable') return undefined
  if (binary === undefined) return status === 'mismatch' ? 'other-builds' : 'not-found'
  if (damage?.isUnread) return 'unreadable'
  if (debug === undefined) return 'no-debuginfo'
  if (damage !== undefined) return damage.why === undefined && !damage.isLeftOut ? 'no-split-files' : 'damaged'
  if (status === 'by-path') return 'by-path'
  return missingDwz === undefined ? undefined : 'no-dwz-file'
}

/** What the modules lack in which there is a frame, one each; first those of which nothing proves what they are. */
export function lacksOf(threads: readonly ReportThread[]): Lack[] {
  const used = new Map<ResolvedModule, ReportFrame[]>()
  for (const frame of threads.flatMap((thread) => thread.frames)) {
    if (frame.module === undefined) continue
    const known = used.get(frame.module)
    if (known === undefined) used.set(frame.module, [frame])
    else known.push(frame)
  }
  const lacks = [...used].flatMap(([module, frames]) =>
    lackOf(lacksLines(frames) ? { damage: NO_LINES, ...module } : module) ?? []
  )
  return [...lacks.filter(({ isUnproven }) => isUnproven), ...lacks.filter(({ isUnproven }) => !isUnproven)]
}

const NO_LINES: FileDamage = { why: 'no line of its code is known', splitFiles: [], isLeftOut: false, isUnread: false }

/** Functions of the debuginfo without a single line. One of them alone proves nothing: a compiler can make code of no line. */
function lacksLines(frames: readonly ReportFrame[]): boolean {
  return frames.some(({ lacksLine }) => lacksLine) && frames.every(({ line }) => line === undefined)
}
