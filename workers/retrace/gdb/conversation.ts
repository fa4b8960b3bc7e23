/**
 * What one gdb is asked about a core, in which order: whatever is open of an inquiry. What matters most comes first, so that
 * a time-out costs the least. The parts are files beside this one.
 */
import type { Deadline } from '../time/deadline.ts'
import { readProblems } from './answers.ts'
import { Asker } from './asking.ts'
import type { Inquiry } from './inquiry.ts'
import { shownRanges } from './kept_back.ts'
import { type FailedOpening, openCore, type Opening } from './opening.ts'
import type { Session, SessionEnd } from './session.ts'
import { type LeftOut, type ThreadRecord } from './thread_record.ts'
import { askThread } from './frames.ts'
import { OtherThreads } from './other_threads.ts'
import { INSIDE } from '../sandbox/arguments.ts'

export interface Questions extends Opening {
  /** Characters of all backtraces together, and of the crashed thread's, which is kept whole up to this. */
  readonly maxText: number
  readonly maxCrashedText: number
  /** What this gdb was started without. */
  readonly leftOut: LeftOut
  /** No other gdb would be asked what this one ends over. */
  readonly isLast: boolean
  /** Only whether it lives is of interest. */
  readonly openOnly: boolean
  /** How many twins of it may work beside it now, at most so many. */
  twins(most: number): number
}

/** Each takes a processor, and memory. */
export const MAX_TWINS = 3

/** Other threads; fewer are told sooner than a twin of gdb is there. With less time than that the crashed thread needs every processor. */
const LEAST_FOR_TWINS = 3
const LEAST_LEFT_MS = 10_000
/** Of the time left. */
const DIVIDE_SHARE = 0.25

/**
 * `unopened`: it ended, or was given up, before it said what it sees: `failed` is where; `late`: it lives, but its time is
 * over. `contradicts`: it does not understand the core. `endedDividing`: it ended over twins, of which the next one is to have none.
 */
export type Verdict =
  | { readonly kind: 'asked'; readonly version: string; readonly endedDividing?: true }
  | { readonly kind: 'unopened'; readonly failed: FailedOpening | undefined; readonly late: SessionEnd | undefined }
  | { readonly kind: 'contradicts'; readonly why: readonly string[] }

/** Asks all that is open and can be asked of this gdb; ends when the deadline is over or gdb has ended. */
export async function converse(
  session: Session,
  inquiry: Inquiry,
  questions: Questions,
  deadline: Deadline,
): Promise<Verdict> {
  const asker = new Asker(session, deadline, inquiry)
  const opened = await openCore(asker, questions)
  const { seen, failed } = opened
  if (session.end !== undefined) return { kind: 'unopened', failed, late: undefined }
  // What it says in a hurry contradicts nothing.
  if (failed?.isLate === true && (seen === undefined || opened.contradictions.length > 0)) {
    const seconds = (questions.openingMs / 1000).toFixed(1)
    return { kind: 'unopened', failed, late: { kind: 'timeout', detail: `gdb did not open the core in ${seconds} s` } }
  }
  if (seen === undefined || opened.contradictions.length > 0) return { kind: 'contradicts', why: opened.contradictions }
  if (questions.openOnly) return { kind: 'asked', version: seen.version }
  // Before it prints anything of the process; gdb's own readers of values would show zeros as if they were true.
  if (questions.core.keptBack !== undefined) {
    const ranges = shownRanges(questions.core).map(([start, end]) => [`${start}`, `${end}`])
    const answer = await asker.ask('to keep values back', 'keep_back', { parameters: [ranges], share: 0.1 })
    if (answer.kind !== 'done') return { kind: 'unopened', failed, late: undefined }
    inquiry.printers = []
  }
  inquiry.open({ ...opened, seen })
  const numbers = new Map(seen.threads.map(({ lwp, number }) => [lwp, number]))
  const asking = { asker, inquiry, numbers, isLast: questions.isLast }
  if (inquiry.printers.length > 0) {
    const folders = inquiry.printers.map(({ name, folder }) => [name, folder])
    const loaded = await asker.ask('pretty printers', 'printers', { parameters: [folders], share: 0.1 })
    if (loaded.kind === 'ended') inquiry.printers = []
    for (const problem of readProblems(loaded.data)) asker.note(problem)
  }
  const isOurs = (record: ThreadRecord) =>
    record.next !== undefined && isSame(inquiry.effective(record), questions.leftOut)
  const { crashed } = inquiry
  const isToBeAsked = (each: ThreadRecord) => each.isUntouched && isOurs(each)
  // It can have ended over the printers.
  const isThere = session.end === undefined
  const isWorthIt = isThere && inquiry.others.filter(isToBeAsked).length >= LEAST_FOR_TWINS &&
    deadline.leftMs() >= LEAST_LEFT_MS
  const twins = !isWorthIt ? [] : await asker.divide(questions.twins(MAX_TWINS), openFiles(questions), DIVIDE_SHARE)
  if (isThere && session.end !== undefined) return { kind: 'asked', version: seen.version, endedDividing: true }
  const others = new OtherThreads(asking, { twins, isOurs, maxText: questions.maxText })
  if (crashed !== undefined && isOurs(crashed)) await askThread(asking, crashed, questions.maxCrashedText)
  // It matters most: where it has to be asked without some debuginfo, that comes before the others.
  if (crashed?.next !== undefined && !isOurs(crashed)) return { kind: 'asked', version: seen.version }
  if (!inquiry.details.isSettled && isSame(inquiry.effective(crashed), questions.leftOut)) {
    const functions = crashed?.answer()?.frames.map((frame) => frame.function) ?? []
    await inquiry.details.ask({ asker, core: questions.core, functions }, questions.isLast)
  }
  await others.ask()
  return { kind: 'asked', version: seen.version }
}

/** That gdb can have opened, by whatever name. */
function openFiles({ files }: Opening): string[] {
  return [INSIDE.core, ...files.flatMap(({ path, debugFile, debuginfo }) => [path, debugFile ?? path, ...debuginfo])]
}

function isSame(a: LeftOut, b: LeftOut): boolean {
  return a.size === b.size && [...a].every((each) => b.has(each))
}
