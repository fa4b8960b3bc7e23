/**
 * Frames that tell less than frames should although their modules are here, and stacks that do not come to their end.
 * Pure. Owns what counts as such, and which thread and frame stand for all of a kind.
 */
import type { Core } from '../../../src/elf/core.ts'
import { segmentAt } from '../../../src/elf/segment.ts'
import type { ReportFrame, ReportThread } from '../report/frames.ts'
import { isOutermost } from '../report/stack_end.ts'

/**
 * `outside-files`: in memory of the process that is no file's: generated code, or a library that was unloaded.
 * `nowhere`: where no memory was. `at-zero`: at address 0. `nameless`: without a name although the debuginfo is here.
 * `guessed`: the unwinder had nothing to go by, though the files are here.
 */
export type FrameLossKind = 'outside-files' | 'nowhere' | 'at-zero' | 'nameless' | 'guessed'

/** Of all threads together; the first one is named. */
interface Counted {
  readonly frames: number
  readonly threads: number
  /** Whether it is the thread that crashed. */
  readonly isCrashed: boolean
  readonly thread: number
  readonly level: number
  /** From there on every frame of that thread is such a one. */
  readonly toTheEnd: boolean
  /** Of the module of the first; undefined outside of modules. */
  readonly path: string | undefined
}

export type FrameLoss =
  | { readonly kind: FrameLossKind } & Counted
  /** Stacks of which the first frames are shown. */
  | { readonly kind: 'longer-stacks'; readonly threads: number; readonly thread: number; readonly frames: number }
  /** Stacks that end at a return address to where nothing can run. */
  | {
    readonly kind: 'broken-stacks'
    readonly threads: number
    readonly thread: number
    readonly level: number
    readonly address: bigint
  }
  /** Stacks that gdb cannot follow, though it has all files of the last frame; or of that frame nothing tells its caller. */
  | {
    readonly kind: 'stopped-stacks' | 'untold-ends'
    readonly threads: number
    readonly thread: number
    readonly level: number
    readonly why: string
    /** Of the module of that frame: without it, tables can be missing that tell more. */
    readonly hasDebuginfo: boolean
  }

const KINDS: readonly FrameLossKind[] = ['at-zero', 'nowhere', 'outside-files', 'nameless', 'guessed']

export function frameLossesOf(core: Pick<Core, 'segments' | 'modules'>, threads: readonly ReportThread[]): FrameLoss[] {
  const kinds = threads.map(({ frames }) =>
    // What has started a thread may be without a name: on armhf it is, for plain gdb with all debuginfo, too.
    frames.map((frame, level) => {
      const before = frames[level - 1]
      return before !== undefined && isOutermost(before, core) ? undefined : kindOf(core, frame)
    })
  )
  const counted = KINDS.flatMap((kind) => {
    const found = threads.flatMap((thread, index) => {
      const levels = kinds[index] ?? []
      const level = levels.indexOf(kind)
      if (level === -1) return []
      const frames = levels.filter((each) => each === kind).length
      const toTheEnd = frames > 1 && frames === levels.length - level
      const path = thread.frames[level]?.module?.module.path
      return [{ thread: thread.number, isCrashed: index === 0, level, frames, toTheEnd, path }]
    })
    const [first] = found
    if (first === undefined) return []
    const frames = found.reduce((sum, each) => sum + each.frames, 0)
    return [{ ...first, kind, frames, threads: found.length }]
  })
  return [...stackLosses(threads), ...counted]
}

function kindOf({ segments }: Pick<Core, 'segments'>, frame: ReportFrame): FrameLossKind | undefined {
  const { kind, pc, module, trust } = frame
  if (kind === 'signal-handler') return undefined
  if (module === undefined) {
    if (frame.function !== undefined) return undefined
    if (pc === 0n) return 'at-zero'
    return segmentAt(segments, pc) === undefined ? 'nowhere' : 'outside-files'
  }
  if (module.binary === undefined) return undefined
  if (frame.function === undefined && module.debug !== undefined && module.damage === undefined) return 'nameless'
  return trust === 'guessed' ? 'guessed' : undefined
}

function stackLosses(threads: readonly ReportThread[]): FrameLoss[] {
  const losses: FrameLoss[] = []
  // What gdb failed over is said as such (gdb_loss.ts).
  const isLost = ({ lost }: ReportThread) => lost.some(({ part }) => part === 'frames')
  const longer = threads.filter((thread) => thread.more && thread.frames.length > 0 && !isLost(thread))
  const [long] = longer
  if (long !== undefined) {
    losses.push({ kind: 'longer-stacks', threads: longer.length, thread: long.number, frames: long.frames.length })
  }
  const broken = threads.filter(({ wrongCaller }) => wrongCaller !== undefined)
  const [one] = broken
  if (one?.wrongCaller !== undefined) {
    const { number: thread, frames, wrongCaller: address } = one
    losses.push({ kind: 'broken-stacks', threads: broken.length, thread, level: frames.length - 1, address })
  }
  const others = threads.filter((thread) => !isLost(thread) && !thread.stackMissing && thread.wrongCaller === undefined)
  return [
    ...losses,
    ...endedStacks('stopped-stacks', others.filter((each) => each.stopped !== undefined && !each.endsUntold)),
    ...endedStacks('untold-ends', others.filter((each) => each.endsUntold)),
  ]
}

/** Those of which not the lack of a file, or a guess on the way, says why they end. */
function endedStacks(kind: 'stopped-stacks' | 'untold-ends', threads: readonly ReportThread[]): FrameLoss[] {
  const found = threads.filter(({ frames }) => isBeyondDoubt(frames.at(-1)))
  const [one] = found
  if (one === undefined) return []
  const { number: thread, frames, stopped } = one
  const module = frames.at(-1)?.module
  const hasDebuginfo = module === undefined || module.debug !== undefined
  return [{ kind, threads: found.length, thread, level: frames.length - 1, why: stopped ?? '', hasDebuginfo }]
}

function isBeyondDoubt(frame: ReportFrame | undefined): boolean {
  if (frame === undefined || frame.trust === 'guessed') return false
  const { module } = frame
  if (module === undefined || module.status === 'not-applicable') return true
  return module.binary !== undefined && module.damage === undefined
}
