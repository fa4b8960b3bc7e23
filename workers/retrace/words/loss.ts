/** What a backtrace lacks although its modules are here, in sentences without a full stop. */
import type { Conversation } from '../gdb/told.ts'
import type { Loss, WhyAbsent } from '../outcome/loss.ts'
import type { CutOff } from '../report/lacking_memory.ts'
import { frameLossText } from './frame_loss.ts'
import { gdbLossText } from './gdb_loss.ts'
import { hex } from '../report/modules.ts'
import { count } from '../../../src/text/count.ts'

export const CALLERS_NOT_CHECKED =
  'no segment of the core says what could be executed, so return addresses were not checked against that'

export const VALUES_KEPT_BACK =
  'the sender kept all values back: of memory and registers nothing but addresses of modules and stacks came'

const ABSENT: Readonly<Record<WhyAbsent, string>> = {
  'text-full': 'since the text reached RETRACE_MAX_BACKTRACE_KB',
  'late': 'since the time was over',
  'debugger-ended': 'since the debugger ended before',
  'unanswered': 'since the debugger did not answer about them',
}

const MAX_NAMED = 3
/** Threads that had ended, named one by one. */
const MAX_ENDED = 8

/** `the core is cut off: 5000 bytes of 2 segments are missing (libc.so.6, memory at 0x7f...)`. */
export function cutOffText({ missingBytes, segments, parts }: CutOff): string {
  const names = [
    ...new Set(parts.map(({ path, start }) => path === undefined ? `memory at ${hex(start)}` : base(path))),
  ]
  const shown = [...names.slice(0, MAX_NAMED), ...(names.length > MAX_NAMED ? ['...'] : [])]
  return `the core is cut off: ${count(missingBytes, 'byte')} of ${count(segments, 'segment')} ${
    Number(missingBytes) === 1 ? 'is' : 'are'
  } missing` +
    (shown.length === 0 ? '' : ` (${shown.join(', ')})`)
}

export function lossText(loss: Loss): string {
  switch (loss.kind) {
    case 'cut-off':
      return `${cutOffText(loss)}, so some memory is unavailable`
    case 'no-stacks':
      return `the core does not hold the stacks of ${loss.threads} of ${count(loss.of, 'thread')}`
    case 'no-values':
      return `the values of ${
        count(loss.frames, 'frame')
      } are not shown, since the text reached RETRACE_MAX_BACKTRACE_KB`
    case 'no-threads':
      return `${loss.threads} of ${count(loss.of, 'thread')} ${loss.threads === 1 ? 'is' : 'are'} not shown, ${
        ABSENT[loss.why]
      }`
    case 'no-frames':
    case 'no-thread-values':
    case 'no-single-values':
    case 'no-detail':
      return gdbLossText(loss)
    default:
      return frameLossText(loss)
  }
}

/** What a reader should know although nothing of use is missing. */
export function threadRemarks(ended: Conversation['ended']): string[] {
  return [
    ...ended.slice(0, MAX_ENDED).map(({ lwp }) => `the thread with LWP ${lwp} had ended: the core holds nothing of it`),
    ...(ended.length > MAX_ENDED ? [`${count(ended.length - MAX_ENDED, 'more thread')} had ended`] : []),
  ]
}

function base(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
