/**
 * How much of what gdb says is kept, whatever it is that speaks: a gdb that was taken over by the core it reads may say anything
 * in any amount. Frames up to what was asked for, names and texts up to what a backtrace may have, in all threads together.
 * Pure.
 */
import type { PlainFrame } from './answers.ts'
import type { ThreadAnswer } from './thread_record.ts'
import type { FrameValues, Variable } from './values.ts'

export interface Bounds {
  /** Of one thread, and of all. */
  readonly frames: number
  readonly allFrames: number
  /** Characters of all names of functions and files together; of all texts; and of the values told one by one. */
  readonly names: number
  readonly text: number
  readonly values: number
}

/** The threads in their order, each as far as the bounds reach: what is left out is told as what did not come. */
export function withinBounds(threads: readonly ThreadAnswer[], bounds: Bounds): ThreadAnswer[] {
  let [frames, names, text, values] = [bounds.allFrames, bounds.names, bounds.text, bounds.values]
  // Texts without values are shown in the place of the others, never beside them.
  let withoutValues = bounds.text
  return threads.map((thread) => {
    const kept = thread.frames.slice(0, Math.min(bounds.frames, frames)).filter((frame) =>
      (names -= namesOf(frame)) >= 0
    )
    frames -= kept.length
    const isCut = kept.length < thread.frames.length
    const said = thread.text?.slice(0, Math.max(0, text))
    text -= said?.length ?? 0
    const plain = thread.plain?.slice(0, Math.max(0, withoutValues))
    withoutValues -= plain?.length ?? 0
    const levels = [...thread.values].filter(([level, each]) => level < kept.length && (values -= sizeOf(each)) >= 0)
    return {
      ...thread,
      frames: kept,
      more: thread.more || isCut,
      text: said === '' ? undefined : said,
      cut: thread.cut || said?.length !== thread.text?.length,
      plain,
      values: new Map(levels),
    }
  })
}

function namesOf({ function: name, rawFunction, file }: PlainFrame): number {
  return (name?.length ?? 0) + (rawFunction?.length ?? 0) + (file?.length ?? 0)
}

function sizeOf({ arguments: args, locals }: FrameValues): number {
  const lengthOf = ({ name, type, value }: Variable) => name.length + (type?.length ?? 0) + value.length
  return [...args, ...locals].reduce((sum, each) => sum + lengthOf(each), 0)
}
