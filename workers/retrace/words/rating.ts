/** Why a backtrace is not as good as it could be, in words: `libffi.so.8 (libffi8_3.4.4-1_amd64): 3 frames have no lines`. */
import { count } from '../../../src/text/count.ts'
import { quote } from '../../../src/text/escape.ts'
import type { RatingReason } from '../crash/rating.ts'
import { lackOf } from '../outcome/lack.ts'
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
