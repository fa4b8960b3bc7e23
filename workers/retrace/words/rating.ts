/** Why a backtrace is not as good as it could be, in words: `libffi.so.8 (libffi8_3.4.4-1_amd64): 3 frames have no lines`. */
import { count } from '../../../src/text/count.ts'
import { quote } from '../../../src/text/escape.ts'
import type { RatingReason } from '../crash/rating.ts'
import { lackOf } from '../outcome/lack.ts'
import type { Crash } from '../crash/crash.ts'
import { lackText } from './lack.ts'

export function ratingReasonText({ module, nameless, lineless, isOfCrashed }: RatingReason): string {
  const frames = [
    ...(nameless > 0 ? [`${count(nameless, 'frame has', 'frames have')} no name`] : []),
    ...(lineless > 0 ? [`${count(lineless, 'frame has', 'frames have')} no source line`] : []),
  ].join(' and ')
  const lack = module && lackOf(module)
  const path = module?.module.path ?? ''
  const what = lack === undefined
    ? quote(path.slice(path.lastIndexOf('/') + 1)) || 'outside of all files'
    : lackText(lack)
  return `${what}; ${frames} in ${isOfCrashed ? 'the crashed thread' : 'other threads'}`
}

/** Why there is no rating: ABRT's own library stops at a frame, most often at a brace or a letter beyond ASCII in its name. */
export function unratedText({ unreadable }: Pick<Crash, 'unreadable'>): string | undefined {
  if (unreadable === undefined) return undefined
  const { thread, frame } = unreadable
  const where = thread === undefined ? '' : ` of thread ${thread}`
  return frame === ''
    ? 'libsatyr finds no thread in the text'
    : `libsatyr, and so ABRT, cannot read a frame${where}: ${quote(frame)}`
}
