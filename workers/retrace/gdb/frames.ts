/**
 * What gdb is asked about the frames of threads: which there are, gdb's own text of them, and their values one by one
 * (root/scripts/frames.py and values.py answer). The frames come first, and how much of each is asked is bounded.
 */
import { type FramesAnswer, readFlag, readFrames, readText, splitByThread } from './answers.ts'
import type { Asker } from './asking.ts'
import { type FrameValues, readValues } from './values.ts'

/**
 * Frames of a thread: a recursion of 29,000 costs 7.7 s and 2.6 MB, its first 2048 0.6 s and 0.2 MB (docs/facts.md,
 * 'gdb, driven').
 */
export const MAX_FRAMES = 2_048

/** Threads in one question, when it is not about the crashed one. */
export const BATCH = 16

/** Frames whose values are told one by one, with types: of the crashed thread, and of each other one. */
const VALUE_FRAMES = 256
const OTHER_VALUE_FRAMES = 32
/** Arguments and locals told so: of the crashed thread, and of a batch of others. */
const MAX_VARIABLES = 20_000
const BATCH_VARIABLES = 2_000

export interface ThreadAnswer extends FramesAnswer {
  readonly number: number
  readonly lwp: number
  /** `backtrace -full`, unchanged; undefined when it did not come. */
  readonly text: string | undefined
  /** The text ends before the frames do. */
  readonly cut: boolean
  /** By level, for the first frames. */
  readonly values: ReadonlyMap<number, FrameValues>
}

export interface ThreadId {
  readonly number: number
  readonly lwp: number
}

/**
 * In three questions: the frames are there, should their values take too long. Each answer is read while gdb works on
 * the next question.
 */
export async function askCrashed(asker: Asker, thread: ThreadId, maxText: number): Promise<ThreadAnswer> {
  const { number } = thread
  const framed = await asker.ask('frames of the crashed thread', 'frames', {
    parameters: [number, MAX_FRAMES],
    share: 0.6,
  })
  const telling = asker.ask('backtrace of the crashed thread', 'backtrace', {
    parameters: [number, MAX_FRAMES, maxText],
    share: 0.5,
  })
  const frames = readFrames(framed.data)
  const told = await telling
  const typed = await asker.ask('values of the crashed thread', 'values', {
    parameters: [number, VALUE_FRAMES, MAX_VARIABLES],
    share: 0.4,
  })
  return {
    ...thread,
    ...frames,
    text: readText(told.data, 'text'),
    cut: readFlag(told.data, 'cut'),
    values: readValues(typed.data),
  }
}

/** Several threads in one question, since each question costs; those that are not reached are not in the answer. */
export async function askOthers(asker: Asker, threads: readonly ThreadId[], maxText: number): Promise<ThreadAnswer[]> {
  const numbers = threads.map((thread) => thread.number)
  const answer = await asker.ask(`backtraces of the threads ${numbers[0]} to ${numbers.at(-1)}`, 'backtraces', {
    parameters: [numbers, MAX_FRAMES, maxText, OTHER_VALUE_FRAMES, BATCH_VARIABLES],
    share: 0.5,
  })
  const byThread = splitByThread(answer.data)
  return threads.flatMap((thread) => {
    const data = byThread.get(thread.number)
    if (data === undefined) return []
    return [{
      ...thread,
      ...readFrames(data),
      text: readText(data, 'text'),
      cut: readFlag(data, 'cut'),
      values: readValues(data),
    }]
  })
}
