/** What a module lacks for its frames to be complete and beyond doubt. Pure. */
import type { ReportThread } from '../report/frames.ts'
import type { ResolvedModule } from '../resolve/resolve.ts'

/**
 * `not-found`: no package here has it. `other-builds`: packages have its path, with other build-ids. `by-path`: the core
 * holds no build-id of it, so its path alone speaks for it. `no-dwz-file`: what its debuginfo leans on is missing.
 */
export type LackKind = 'not-found' | 'other-builds' | 'no-debuginfo' | 'by-path' | 'no-dwz-file'

export interface Lack {
  readonly kind: LackKind
  readonly path: string
  readonly package: string | undefined
  /** That package was removed upstream before it was fetched. */
  readonly isGone: boolean
}

/** The worst that a module lacks; undefined when it lacks nothing. */
export function lackOf(resolved: ResolvedModule): Lack | undefined {
  const kind = kindOf(resolved)
  const { module: { path }, package: owner, gone } = resolved
  return kind && { kind, path, package: owner, isGone: gone !== undefined }
}

function kindOf({ status, binary, debug, missingDwz }: ResolvedModule): LackKind | undefined {
  if (status === 'not-applicable') return undefined
  if (binary === undefined) return status === 'mismatch' ? 'other-builds' : 'not-found'
  if (debug === undefined) return 'no-debuginfo'
  if (status === 'by-path') return 'by-path'
  return missingDwz === undefined ? undefined : 'no-dwz-file'
}

/** What the modules lack in which there is a frame, one each. */
export function lacksOf(threads: readonly ReportThread[]): Lack[] {
  const used = new Set(threads.flatMap((thread) => thread.frames.flatMap((frame) => frame.module ?? [])))
  return [...used].flatMap((module) => lackOf(module) ?? [])
}
