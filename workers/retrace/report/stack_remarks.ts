/**
 * What has to be said below the frames of a thread, wherever they are shown: that the stack ends too early, that frames are
 * guessed, that there was no stack. Pure. In parentheses, since readers of such texts look for frames at the beginnings of
 * lines.
 */
import { count } from '../../../src/text/count.ts'
import { onOneLine } from './frame_text.ts'
import type { ReportThread } from './frames.ts'

type Ended = Pick<ReportThread, 'frames' | 'text' | 'stopped' | 'wrongCaller' | 'stackMissing'>

/** `isSaid`: gdb's own text of the frames is shown whole, which says itself where gdb stopped. */
export function stackRemarks(thread: Ended, { isSaid }: { isSaid: boolean }): string[] {
  const isStopSaid = isSaid && thread.text !== undefined && thread.wrongCaller === undefined
  const guessed = thread.frames.findIndex(({ trust }) => trust === 'guessed')
  return [
    ...(thread.stopped === undefined || isStopSaid ? [] : [endText(thread.stopped)]),
    ...(guessed === -1 ? [] : [guessText(guessed)]),
    ...(thread.stackMissing ? ['(The stack of this thread is not in the core)'] : []),
  ]
}

/** Frames that there are, and that are not shown. */
export function moreText({ cutFrames, more, frames }: Pick<ReportThread, 'cutFrames' | 'more' | 'frames'>): string[] {
  if (cutFrames > 0) {
    const are = count(cutFrames, 'more frame of this thread is', 'more frames of this thread are')
    return [`(${are} not shown: the text reached RETRACE_MAX_BACKTRACE_KB)`]
  }
  return more && frames.length > 0 ? [`(More frames follow; ${frames.length} are shown)`] : []
}

export function endText(why: string): string {
  return onOneLine(`(Ends here: ${why})`)
}

export function guessText(level: number): string {
  return `(Frame ${level} and what follows it are guessed: nothing tells for sure who called frame ${level - 1})`
}
