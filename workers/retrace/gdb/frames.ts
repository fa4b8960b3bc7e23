/**
 * What gdb is asked about the frames of threads: which there are, gdb's own text of them, and their values one by one
 * (root/scripts/frames.py and values.py answer). The frames come first, and how much of each is asked is bounded. An answer
 * that did not come whole leaves what came of it in the thread's record.
 */
import {
  type FramesAnswer,
  isTold,
  MAX_FRAMES,
  readFailure,
  readFlag,
  readFrames,
  readText,
  readWhereabouts,
} from './answers.ts'
import { type Asker, causeOf, whyFailed } from './asking.ts'
import { isOfDamage } from './damage.ts'
import { readPlainFrames } from './plain_frames.ts'
import type { Inquiry } from './inquiry.ts'
import type { Answer } from './session.ts'
import type { Cause, Question, ThreadRecord } from './thread_record.ts'
import { areValuesWhole, readValues } from './values.ts'

/** Frames whose values are told one by one, with types: of the crashed thread, and of each other one. */
const VALUE_FRAMES = 256
const OTHER_VALUE_FRAMES = 32
/** Arguments and locals told so. */
const MAX_VARIABLES = 20_000

/** Of the time left, for one question: less once another one about the thread has failed. */
const SHARES: Readonly<Record<Question, number>> = { frames: 0.4, careful: 0.1, text: 0.4, values: 0.3, plain: 0.1 }
const OTHER_SHARES: typeof SHARES = { frames: 0.1, careful: 0.05, text: 0.1, values: 0.1, plain: 0.05 }

/** A gdb that is asked, and what is to be found out. */
export interface Asking {
  readonly asker: Asker
  readonly inquiry: Inquiry
  /** By LWP: gdb's numbers of the threads. */
  readonly numbers: ReadonlyMap<number, number>
  /** No other gdb would be asked what this one ends over. */
  readonly isLast: boolean
}

/** All that is open of one thread; ends where gdb does, and where it is to be started again without some debuginfo. */
export async function askThread(asking: Asking, record: ThreadRecord, maxText: number): Promise<void> {
  const { asker, inquiry } = asking
  const leftOut = inquiry.effective(record)
  for (let next = record.next; next !== undefined && !asker.isOver; next = record.next) {
    if (next === 'frames' && record === inquiry.crashed) await askFramesAndText(asking, record, maxText)
    else take(asking, record, next, await askOne(asking, record, next, maxText))
    if (inquiry.effective(record).size !== leftOut.size) return
  }
}

/** Each answer is read while gdb works on the next question. */
async function askFramesAndText(asking: Asking, record: ThreadRecord, maxText: number): Promise<void> {
  const framed = await askOne(asking, record, 'frames', maxText)
  if (
    framed.kind !== 'done' || framed.data.some((each) => typeof each === 'object' && each !== null && 'fault' in each)
  ) {
    return take(asking, record, 'frames', framed)
  }
  const telling = askOne(asking, record, 'text', maxText)
  take(asking, record, 'frames', framed)
  take(asking, record, 'text', await telling)
}

function askOne(
  { asker, inquiry, numbers }: Asking,
  record: ThreadRecord,
  question: Question,
  maxText: number,
): Promise<Answer> {
  const isCrashed = record === inquiry.crashed
  const number = numbers.get(record.lwp) ?? record.number
  const name = isCrashed ? 'the crashed thread' : `thread ${record.number}`
  const share = (isCrashed ? SHARES : OTHER_SHARES)[question]
  const valueFrames = Math.min(isCrashed ? VALUE_FRAMES : OTHER_VALUE_FRAMES, record.frameCount)
  switch (question) {
    case 'frames':
      return asker.ask(`frames of ${name}`, 'frames', { parameters: [number, MAX_FRAMES], share })
    case 'careful':
      return asker.ask(`frames of ${name}, step by step`, 'frames', { parameters: [number, MAX_FRAMES, 1], share })
    case 'text':
      return asker.ask(`backtrace of ${name}`, 'backtrace', { parameters: [number, MAX_FRAMES, maxText], share })
    case 'values':
      return asker.ask(`values of ${name}`, 'values', { parameters: [number, valueFrames, MAX_VARIABLES], share })
    case 'plain':
      return asker.ask(`plain backtrace of ${name}`, 'plain', { parameters: [number, MAX_FRAMES], share })
  }
}

/** Frames, text and values of a thread, as far as they came. */
export function takeAll(asking: Asking, record: ThreadRecord, answer: Answer): void {
  const isWhole = isTold(answer.data)
  for (const question of ['frames', 'text', 'values'] as const) {
    if (record.next !== question) return
    const isThere = question === 'frames'
      ? readFrames(answer.data).complete
      : question === 'text'
      ? readText(answer.data, 'text') !== undefined || readFailure(answer.data, 'text') !== undefined
      : areValuesWhole(answer.data)
    take(asking, record, question, isThere || isWhole ? { ...answer, kind: 'done', results: {} } : answer)
    if (!isThere) return
  }
}

/** What one answer says, or why there is none. */
function take(asking: Asking, record: ThreadRecord, question: Question, answer: Answer): void {
  const { asker, inquiry, isLast } = asking
  if (answer.kind !== 'done' && asker.isLate) return takeLate(record, question, answer)
  // Another gdb may do better, and should: this one has ended.
  if (answer.kind === 'ended' && !isLast) return
  const why = whyFailed(answer)
  const cause = causeOf(answer)
  switch (question) {
    case 'frames':
    case 'careful':
      return takeFrames(asking, record, question, answer)
    case 'text': {
      const text = readText(answer.data, 'text')
      if (text !== undefined) return record.tellText(text, readFlag(answer.data, 'cut'))
      note(asker, record, 'text', readFailure(answer.data, 'text'))
      if (isEnd(cause) && withoutPrinters(inquiry)) return
      record.loseText(cause, readFailure(answer.data, 'text') ?? why ?? 'gdb gave no reason')
      if (cause !== 'failed' && record !== inquiry.crashed) inquiry.countEnd('values', cause)
      return
    }
    case 'values': {
      const values = readValues(answer.data)
      if (why === undefined) return record.tellValues(values)
      if (isEnd(cause) && withoutPrinters(inquiry)) return
      record.loseValues(cause, why, values)
      if (cause !== 'failed' && record !== inquiry.crashed) inquiry.countEnd('values', cause)
      return
    }
    case 'plain':
      return record.tellPlain(answer.console, readPlainFrames(answer.console))
  }
}

/** The time is over: what came is kept, and nothing is anybody's fault. */
function takeLate(record: ThreadRecord, question: Question, answer: Answer): void {
  const frames = readFrames(answer.data)
  if (frames.frames.length > 0 && (question === 'frames' || question === 'careful')) record.tellFrames(frames)
}

/** gdb is there no more. */
function isEnd(cause: Cause): boolean {
  return cause === 'ended' || cause === 'memory' || cause === 'overflow'
}

function takeFrames({ inquiry }: Asking, record: ThreadRecord, question: Question, answer: Answer): void {
  const frames = withoutOrdinaryFault(readFrames(answer.data))
  const why = whyFailed(answer)
  const isDead = answer.kind === 'ended' || answer.kind === 'interrupted'
  const isOther = record !== inquiry.crashed
  if (isDead && isOther && inquiry.isWaryOfFrames) {
    record.settleForFrames(causeOf(answer), why ?? '', frames)
    return inquiry.countEnd('frames', causeOf(answer))
  }
  if (isDead && question === 'frames') return record.walkCarefully(frames)
  const at = isDead ? readWhereabouts(answer.data) : undefined
  const fault = at === undefined ? frames.fault : { pc: at, why: why ?? '', isOfSymbols: true }
  const leftOut = fault && inquiry.suspects(record, fault, answer.complaints)
  if (leftOut !== undefined) return record.retryWithout(leftOut, frames, isDead ? 'careful' : 'frames')
  if (why !== undefined) record.loseFrames(causeOf(answer), why, frames)
  else if (fault !== undefined && !fault.isOfSymbols) record.loseFrames('failed', fault.why, frames)
  else record.tellFrames(frames)
  if (isDead && isOther) inquiry.countEnd('frames', causeOf(answer))
  inquiry.markLeftOut(record)
  inquiry.announce(record)
}

/** A stack can end in many ways, and gdb says so; it is not for debuginfo then. */
function withoutOrdinaryFault(frames: FramesAnswer): FramesAnswer {
  const { fault } = frames
  return fault === undefined || fault.isOfSymbols || isOfDamage(fault.why) ? frames : { ...frames, fault: undefined }
}

/** Python of a package is the first to be suspected of ending gdb: the same is asked again without it. */
function withoutPrinters(inquiry: Inquiry): boolean {
  const had = inquiry.printers.length > 0
  inquiry.printers = []
  return had
}

function note(asker: Asker, record: ThreadRecord, part: string, why: string | undefined): void {
  if (why !== undefined) asker.note(`the ${part} of thread ${record.number}: ${why}`)
}
