/** Frames that tell too little, and stacks that do not come to their end, in sentences without a full stop. */
import { count } from '../../../src/text/count.ts'
import type { FrameLoss, FrameLossKind } from '../outcome/frame_loss.ts'
import { hex } from '../report/modules.ts'

const WHERE: Readonly<Record<FrameLossKind, (path: string, areMany: boolean) => string>> = {
  'at-zero': (_, are) => `${isOr(are)} at address 0, where no code is`,
  'nowhere': (_, are) => `${isOr(are)} where the process had no memory`,
  'outside-files': (_, are) => `${isOr(are)} in memory of no file (generated or unloaded code)`,
  'nameless': (path, are) => `${are ? 'have' : 'has'} no name, although the debuginfo of ${path} is here`,
  'guessed': (_, are) => `${isOr(are)} guessed, since no unwind information tells who called the frame before`,
}

/** `frame 3 on is in memory of no file (generated or unloaded code)`. */
export function frameLossText(loss: FrameLoss): string {
  switch (loss.kind) {
    case 'longer-stacks':
      return loss.threads === 1
        ? `the stack of thread ${loss.thread} is longer than the ${count(loss.frames, 'frame')} that ${
          loss.frames === 1 ? 'is' : 'are'
        } shown`
        : `${loss.threads} stacks are longer than what is shown`
    case 'broken-stacks':
      return `${endText(loss)}, which would return to ${hex(loss.address)}, where nothing can run${moreText(loss)}`
    case 'stopped-stacks':
      return `${endText(loss)}: ${loss.why}${moreText(loss)}`
    case 'untold-ends':
      return `${endText(loss)}, of which no unwind information tells who called it${moreText(loss)}`
    default:
      return countedText(loss)
  }
}

function endText({ thread, level }: { readonly thread: number; readonly level: number }): string {
  return `the stack of thread ${thread} ends at frame ${level}`
}

function moreText({ threads }: { readonly threads: number }): string {
  return threads === 1 ? '' : `, and ${count(threads - 1, 'more stack ends', 'more stacks end')} so`
}

function countedText(loss: FrameLoss & { readonly kind: FrameLossKind }): string {
  const { frames, threads, thread, level, toTheEnd, isCrashed } = loss
  const path = loss.path === undefined ? 'its module' : loss.path.slice(loss.path.lastIndexOf('/') + 1)
  const first = `frame ${level}${isCrashed ? '' : ` of thread ${thread}`}`
  const where = WHERE[loss.kind]
  if (threads > 1) {
    return `${count(frames, 'frame')} of ${count(threads, 'thread')} ${where(path, true)}; the first is ${first}`
  }
  if (toTheEnd) return `${first} on ${where(path, false)} (${count(frames, 'frame')})`
  return frames === 1
    ? `${first} ${where(path, false)}`
    : `${count(frames, 'frame')}, the first of them ${first}, ${where(path, true)}`
}

function isOr(areMany: boolean): string {
  return areMany ? 'are' : 'is'
}
