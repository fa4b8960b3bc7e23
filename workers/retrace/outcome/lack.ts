/** What a module lacks for its frames to be complete and beyond doubt. Pure. */
import type { ReportThread } from '../report/frames.ts'
import type { ResolvedModule } from '../resolve/resolve.ts'

/**
 * `not-found`: no package here has it. `other-builds`: packages have its path, with other build-ids. `by-path`: the
 * core holds no build-id of it, so its path alone speaks for it. `no-dwz-file`: what its debuginfo leans on is missing.
 */
export type LackKind = 'not-found' | 'other-builds' | 'no-debuginfo' | 'by-path' | 'no-dwz-file'

export interface Lack {
  readonly kind: LackKind
  readonly path: string
  readonly package: string | undefined
  /** That package was removed upstream before it was fetched. */
  readonly isGone: boolean
  /** It has no build-id, and the client named no package: one that is named would be searched for its path. */
  readonly isNameable: boolean
  /** Its file was taken by its path alone, whatever else it lacks: nothing proves that it is the right one. */
  readonly isUnproven: boolean
}

/** The worst that a module lacks; undefined when it lacks nothing. */
export function lackOf(resolved: ResolvedModule, said: Said = { hasNamedPackages: true }): Lack | undefined {
  const kind = kindOf(resolved)
  const { module: { path }, package: owner, gone, status, binary } = resolved
  const isUnproven = status === 'by-path' && binary !== undefined
  return kind &&
    { kind, path, package: owner, isGone: gone !== undefined, isNameable: isNameable(resolved, said), isUnproven }
}

/** What the client told. */
export interface Said {
  readonly hasNamedPackages: boolean
}

export function isNameable(resolved: ResolvedModule | undefined, { hasNamedPackages }: Said): boolean {
  return resolved !== undefined && !hasNamedPackages && resolved.binary === undefined &&
    resolved.status !== 'not-applicable' && resolved.module.buildId === undefined
}

function kindOf({ status, binary, debug, missingDwz }: ResolvedModule): LackKind | undefined {
  if (status === 'not-applicable') return undefined
  if (binary === undefined) return status === 'mismatch' ? 'other-builds' : 'not-found'
  if (debug === undefined) return 'no-debuginfo'
  if (status === 'by-path') return 'by-path'
  return missingDwz === undefined ? undefined : 'no-dwz-file'
}

/** What the modules lack in which there is a frame, one each; first those of which nothing proves what they are. */
export function lacksOf(threads: readonly ReportThread[], said: Said): Lack[] {
  const used = new Set(threads.flatMap((thread) => thread.frames.flatMap((frame) => frame.module ?? [])))
  const lacks = [...used].flatMap((module) => lackOf(module, said) ?? [])
  return [...lacks.filter(({ isUnproven }) => isUnproven), ...lacks.filter(({ isUnproven }) => !isUnproven)]
}
