/** The crashed thread as soon as its frames are known: a line each, before values and other threads are asked for. */
import { type Core, moduleAt } from '../../../src/elf/core.ts'
import { count } from '../../../src/text/count.ts'
import type { PlainFrame } from '../gdb/answers.ts'
import { firstWrongCaller } from '../report/executable_memory.ts'
import { framesText } from '../report/frame_text.ts'

/** More than these nobody reads while he waits. */
const MAX_FRAMES = 64

export function threadLines(all: readonly PlainFrame[], core: Core): string[] {
  const frames = all.slice(0, firstWrongCaller(all, core))
  const shown = frames.slice(0, MAX_FRAMES).map((frame, level) => {
    const module = moduleAt(core.modules, frame.pc)
    const place = module === undefined ? undefined : { module }
    return { ...frame, level, module: place, arguments: [], locals: [], hasValues: false }
  })
  const lines = shown.length === 0 ? [] : framesText({ text: undefined, frames: shown }).split('\n')
  return frames.length > shown.length ? [...lines, `(${count(frames.length - shown.length, 'more frame')})`] : lines
}
