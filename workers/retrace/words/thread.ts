/** The crashed thread as soon as its frames are known: a line each, before values and other threads are asked for. */
import { type Core, moduleAt } from '../../../src/elf/core.ts'
import { count } from '../../../src/text/count.ts'
import type { PlainFrame } from '../gdb/answers.ts'
import { firstWrongCaller } from '../report/executable_memory.ts'
import { framesText } from '../report/frame_text.ts'
import { firstGuessed } from '../report/frames.ts'
import { beginsThere } from '../report/stack_end.ts'
import { endText, guessText } from '../report/stack_remarks.ts'
import type { ResolvedModule } from '../resolve/resolve.ts'

/** More than these nobody reads while he waits. */
const MAX_FRAMES = 64

/** `untold`: call sites of which no table tells who called that function. */
export function threadLines(
  all: readonly PlainFrame[],
  { core, modules, untold }: {
    core: Core
    modules: readonly ResolvedModule[]
    untold: ReadonlySet<bigint>
  },
): string[] {
  const end = firstWrongCaller(all, core)
  const frames = all.slice(0, end)
  const shown = frames.slice(0, MAX_FRAMES).map((frame, level) => {
    const module = moduleAt(core.modules, frame.pc)
    const place = module === undefined ? undefined : { module }
    return { ...frame, level, module: place, arguments: [], locals: [], hasValues: false }
  })
  const lines = shown.length === 0 ? [] : framesText({ text: undefined, frames: shown }).split('\n')
  const wrong = end === undefined || beginsThere(frames, core) ? undefined : all[end]
  const guessed = firstGuessed(frames, { core, modules, untold })
  return [
    ...lines,
    ...(frames.length > shown.length ? [`(${count(frames.length - shown.length, 'more frame')})`] : []),
    ...(wrong === undefined ? [] : [endText(`nothing can run at the return address 0x${wrong.pc.toString(16)}`)]),
    ...(guessed === undefined ? [] : [guessText(guessed)]),
  ]
}
