/**
 * The text of gdb's `backtrace -full`, read as far as it says more than the frames and values that gdb's own API tells
 * (gdb/frames.ts): how many frames it has, and why it stops. Pure.
 */

export interface BacktraceText {
  readonly frames: number
  /** What gdb says at the end when the stack ends too early: 'previous frame inner to this frame (corrupt stack?)'. */
  readonly stopped: string | undefined
}

/** Reads the text of one thread. */
export function readBacktrace(text: string): BacktraceText {
  return {
    frames: text.match(/^#\d+ /gm)?.length ?? 0,
    stopped: /^Backtrace stopped: (.*)$/m.exec(text)?.[1],
  }
}
