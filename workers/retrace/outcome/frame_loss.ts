/**
 * Frames that tell less than frames should although their modules are here, and stacks that do not come to their end.
 * Pure. Owns what counts as such, and which thread and frame stand for all of a kind.
 */
import type { Core } from '../../../src/elf/core.ts'
import { segmentAt } from '../../../src/elf/segment.ts'
import type { ReportFrame, ReportThread } from '../report/frames.ts'

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

const KINDS: readonly FrameLossKind[] = ['at-zero', 'nowhere', 'outside-files', 'nameless', 'guessed']
/** Functions that nothing calls: a stack may end behind them in any way. */
const OUTERMOST = /^(_start|__?clone3?|clone3?|start_thread|_dl_start_user|__libc_start_main.*)$/

export function frameLossesOf(core: Pick<Core, 'segments'>, threads: readonly ReportThread[]): FrameLoss[] {
  const kinds = threads.map(({ frames }) =>
    // What has started a thread may be without a name: on armhf it is, for plain gdb with all debuginfo, too.
    frames.map((frame, level) => OUTERMOST.test(frames[level - 1]?.function ?? '') ? undefined : kindOf(core, frame))
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
  const broken = threads.filter(({ wrongCaller, frames }) =>
    wrongCaller !== undefined && !OUTERMOST.test(frames.at(-1)?.function ?? '')
  )
  const [one] = broken
  if (one?.wrongCaller !== undefined) {
    const { number: thread, frames, wrongCaller: address } = one
    losses.push({ kind: 'broken-stacks', threads: broken.length, thread, level: frames.length - 1, address })
  }
  return losses
}
