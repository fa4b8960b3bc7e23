/** Which package a crash is to be reported against, and whether its user should update first. Pure. */
import type { ReportFrame, ReportThread } from '../report/frames.ts'
import { firstOwn, isOfCLibrary, machineryOf } from './machinery.ts'

export interface Blame {
  /** The first outside the C library and of what ends processes. */
  readonly frame: ReportFrame
  readonly path: string
  /** Undefined: no index here has the file. */
  readonly package: string | undefined
  readonly version: string | undefined
  /** The newest version upstream, where that is newer. */
  readonly newer: string | undefined
}

export function blameOf(crashed: ReportThread | undefined): Blame | undefined {
  const frames = crashed?.frames ?? []
  // A process that went astray has no file where it ended; who sent it there has one.
  const placed = frames.slice(machineryOf(frames)).filter(({ module }) => module !== undefined)
  const frame = firstOwn(placed) ?? placed.find((each) => isOfCLibrary(each))
  if (frame?.module === undefined) return undefined
  const { module, owner, newer } = frame.module
  return { frame, path: module.path, package: owner?.name, version: owner?.version, newer }
}
