/**
 * The same stacks in the fields of apport's reports, for who compares crashes with those of Ubuntu. Pure. Owns their shapes;
 * refuses a signature of addresses that too few frames speak for.
 */
import type { Core } from '../../../src/elf/core.ts'
import { architectureRow } from '../../../src/elf/architecture.ts'
import { lastAtOrBelow } from '../../../src/elf/segment.ts'
import { signalOf } from '../../../src/elf/signal.ts'
import { framesText } from './frame_text.ts'
import type { ReportThread } from './frames.ts'
import { stackRemarks } from './stack_remarks.ts'

export interface Apport {
  /** The crashed thread, with locals. */
  readonly Stacktrace: string
  /** Five functions, the newest first, behind what ended the process. */
  readonly StacktraceTop: string
  readonly ThreadStacktrace: string
  /** `PROGRAM:SIGNAL:MACHINE:FILE+OFFSET:...`, the same for a build whatever debuginfo there is; null: too few frames. */
  readonly StacktraceAddressSignature: string | null
}

/** Characters of each text; the file `backtrace` has all. */
const MAX_TEXT = 1 << 20
const TOP = 5
const MAX_ADDRESSES = 15
const MIN_ADDRESSES = 3
/** Where some frames lie in no file, there have to be more that do, and four times as many. */
const MIN_AMONG_OTHERS = 6
const SHARE_OF_FOUND = 4

/** `skipped`: newest frames of the crashed thread that ended the process. */
export function apportOf(
  { core, threads, skipped }: { core: Core; threads: readonly ReportThread[]; skipped: number },
): Apport {
  const texts = threads.map((thread) => [cut(framesText(thread)), ...stackRemarks(thread, { isSaid: true })].join('\n'))
  const all = threads.map((thread, index) => `Thread ${thread.number} (LWP ${thread.lwp}):\n${texts[index] ?? ''}\n`)
  return {
    Stacktrace: texts[0] ?? '',
    StacktraceTop: topOf(texts[0] ?? '', skipped),
    ThreadStacktrace: cut(all.join('\n')),
    StacktraceAddressSignature: addressSignature(core, threads[0]) ?? null,
  }
}

/** Whole lines only. */
function cut(text: string): string {
  return text.length <= MAX_TEXT ? text : text.slice(0, text.lastIndexOf('\n', MAX_TEXT) + 1)
}

function topOf(text: string, skipped: number): string {
  const heads = text.split('\n').flatMap((line) => /^#\d+ +(?:0x[0-9a-f]+ in )?(.*)$/.exec(line)?.[1] ?? [])
  return heads.slice(skipped, skipped + TOP).join('\n')
}

/** Inlined calls have no address of their own, and what follows the first fifteen is noise. */
function addressSignature(core: Core, crashed: ReportThread | undefined): string | undefined {
  const program = core.modules.find(({ kind }) => kind === 'executable')?.path
  if (crashed === undefined || program === undefined || core.architecture === undefined) return undefined
  const found: string[] = []
  let lost = 0
  for (const { pc, kind } of crashed.frames) {
    if (kind !== 'normal') continue
    const file = core.files[lastAtOrBelow(core.files, pc)]
    if (file === undefined || pc >= file.end) lost++
    else found.push(`${file.path.replaceAll(':', '..')}+${(pc - file.start).toString(16)}`)
    if (found.length === MAX_ADDRESSES) break
  }
  const isEnough = lost === 0
    ? found.length >= MIN_ADDRESSES
    : found.length >= MIN_AMONG_OTHERS && found.length >= lost * SHARE_OF_FOUND
  if (!isEnough) return undefined
  const [machine] = architectureRow(core.architecture).uname
  return [program.replaceAll(':', '..'), signalOf(core), machine, ...found].join(':')
}
