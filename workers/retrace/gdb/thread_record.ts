/**
 * What has been told of one thread, what is still to be asked, and what was lost. Owns the order of questions, each asking
 * less than the one before where gdb failed at that: frames, its own text and the values; frames again, step by step;
 * values alone; the text of a plain backtrace. Refuses to ask again what gdb ended over.
 */
import type { CoreModule } from '../../../src/elf/core.ts'
import type { FramesAnswer, PlainFrame } from './answers.ts'
import type { FrameValues } from './values.ts'

/** `careful`: the frames, each step said before it is done. `plain`: gdb's text without locals. */
export type Question = 'frames' | 'careful' | 'text' | 'values' | 'plain'

/**
 * `ended`: gdb did, over this. `memory`: it reached the limit of memory. `overflow`: it said more than is kept. `hung`: it was
 * given up. `failed`: gdb said so. `spared`: it was not asked any more.
 */
export const CAUSES = ['ended', 'memory', 'overflow', 'hung', 'failed', 'spared'] as const
export type Cause = (typeof CAUSES)[number]

export interface Lost {
  readonly part: 'frames' | 'values'
  readonly cause: Cause
  /** What gdb said, or what was said of it. */
  readonly why: string
}

/** What is left out of what gdb reads: the debuginfo of these modules. */
export type LeftOut = ReadonlySet<CoreModule>

export interface ThreadAnswer extends FramesAnswer {
  readonly number: number
  readonly lwp: number
  /** `backtrace -full`, unchanged; undefined when it did not come. */
  readonly text: string | undefined
  /** Where that or the frames failed, what a plain `backtrace` says, as far as it came. */
  readonly plain: string | undefined
  /** The text ends before the frames do. */
  readonly cut: boolean
  /** By level, for the first frames. */
  readonly values: ReadonlyMap<number, FrameValues>
  readonly lost: readonly Lost[]
  /** Modules whose debuginfo was not used. */
  readonly leftOut: LeftOut
}

interface Text {
  readonly text: string
  readonly cut: boolean
}

const ORDER: readonly Question[] = ['frames', 'careful', 'text', 'values', 'plain']
const NOTHING: FramesAnswer = {
  frames: [],
  pointer: undefined,
  sp: undefined,
  stop: undefined,
  more: false,
  complete: false,
  fault: undefined,
}

export class ThreadRecord {
  readonly number: number
  readonly lwp: number
  leftOut: LeftOut = new Set()
  #open = new Set<Question>(['frames', 'text', 'values'])
  #frames: FramesAnswer | undefined
  #text: Text | undefined
  #plain: string | undefined
  #values: ReadonlyMap<number, FrameValues> = new Map()
  #lost: Lost[] = []
  #lostText: Lost | undefined
  /** What there was before more was left out. */
  #before: { frames: FramesAnswer; leftOut: LeftOut } | undefined

  constructor({ number, lwp }: { number: number; lwp: number }) {
    this.number = number
    this.lwp = lwp
  }

  /** Undefined: nothing is left to be asked. */
  get next(): Question | undefined {
    return ORDER.find((each) => this.#open.has(each))
  }

  /** Nothing has been tried yet. */
  get isUntouched(): boolean {
    return this.#open.size === 3 && this.#open.has('frames') && this.#before === undefined
  }

  get frameCount(): number {
    return this.#frames?.frames.length ?? 0
  }

  /** How many questions are open. */
  get openCount(): number {
    return this.#open.size
  }

  get textLength(): number {
    return this.#text?.text.length ?? this.#plain?.length ?? 0
  }

  /** The frames came, as far as they go. Of two answers the better one stays: where leaving something out did not help. */
  tellFrames(frames: FramesAnswer): void {
    const before = this.#before
    this.#before = undefined
    const isWorse = before !== undefined && !isBetter(frames, before.frames)
    if (isWorse) this.leftOut = before.leftOut
    this.#settleFrames(isWorse ? before.frames : frames)
  }

  /** gdb ended, hung or failed over the frames, of which some came. Where is not known: a careful walk shows it. */
  walkCarefully(came: FramesAnswer): void {
    this.#keep(came)
    this.#open.delete('frames')
    this.#open.add('careful')
  }

  /** That cost the frames behind those that came. */
  loseFrames(cause: Cause, why: string, came: FramesAnswer): void {
    this.#keep(came)
    this.#lost.push({ part: 'frames', cause, why })
    this.tellFrames(came)
  }

  /** The same, and nothing else is asked of it: gdb has failed so at other threads, too. */
  settleForFrames(cause: Cause, why: string, came: FramesAnswer): void {
    this.loseFrames(cause, why, came)
    this.#open.clear()
  }

  /** The frames, where they have not come, are not asked for any more, and nothing else then. */
  spareFrames(why: string): void {
    if (this.#frames !== undefined) return
    this.settleForFrames('spared', why, NOTHING)
  }

  /** Nothing is asked any more. */
  spareAll(why: string): void {
    this.spareFrames(why)
    this.spareValues(why)
    this.#open.clear()
  }

  /** Asks for the frames again without the debuginfo of some modules. */
  retryWithout(leftOut: LeftOut, came: FramesAnswer, question: Question): void {
    this.#keep(came)
    this.leftOut = leftOut
    this.#open = new Set([question, 'text', 'values'])
  }

  /** The values are not asked for any more. */
  spareValues(why: string): void {
    const isOpen = this.#open.delete('values')
    this.#open.delete('text')
    if (isOpen) this.#lost.push({ part: 'values', cause: 'spared', why })
  }

  tellText(text: string, cut: boolean): void {
    this.#open.delete('text')
    this.#text = { text, cut }
  }

  tellValues(values: ReadonlyMap<number, FrameValues>): void {
    this.#open.delete('values')
    this.#values = values
    if (this.#lostText !== undefined && values.size < this.frameCount) this.#lost.push(this.#lostText)
  }

  /** It goes on where the frames ended: gdb's API wants to know what is behind a frame before it tells of it. */
  tellPlain(text: string, frames: readonly PlainFrame[]): void {
    this.#open.delete('plain')
    if (frames.length === 0) return
    this.#plain = text
    const more = frames.slice(this.frameCount)
    if (more.length > 0) {
      this.#frames = { ...NOTHING, ...this.#frames, frames: [...this.#frames?.frames ?? [], ...more] }
    }
  }

  /** The first frames have their values one by one, too: the text is made of those. */
  loseText(cause: Cause, why: string): void {
    this.#open.delete('text')
    this.#lostText = { part: 'values', cause, why }
  }

  /** `came`: the values before that. */
  loseValues(cause: Cause, why: string, came: ReadonlyMap<number, FrameValues>): void {
    this.#open.delete('values')
    this.#values = came
    this.#lost.push({ part: 'values', cause, why })
    if (this.#text === undefined) this.#open.add('plain')
  }

  /** As far as it was told; undefined when nothing was. */
  answer(): ThreadAnswer | undefined {
    const frames = this.#frames ?? this.#before?.frames
    if (frames === undefined && this.#lost.length === 0) return undefined
    return {
      ...NOTHING,
      ...frames,
      number: this.number,
      lwp: this.lwp,
      text: this.#text?.text,
      plain: this.#plain,
      cut: this.#text?.cut ?? false,
      values: this.#values,
      // What gdb's text has is not missing, though it is not told one by one.
      lost: this.#text === undefined ? this.#lost : this.#lost.filter(({ part }) => part !== 'values'),
      leftOut: this.leftOut,
    }
  }

  /** The best frames so far. */
  #keep(came: FramesAnswer): void {
    if (this.#before !== undefined && !isBetter(came, this.#before.frames)) return
    this.#before = { frames: came, leftOut: this.leftOut }
  }

  #settleFrames(frames: FramesAnswer): void {
    this.#frames = frames
    this.#open.delete('frames')
    this.#open.delete('careful')
    // gdb's text would have to go where the frames could not.
    if (frames.fault !== undefined || !frames.complete) {
      this.#open.delete('text')
      this.#open.add('plain')
    }
    if (frames.frames.length === 0) this.#open.delete('values')
  }
}

/** More frames, or as many without a fault. Inlined calls do not count: without debuginfo there are none. */
function isBetter(frames: FramesAnswer, other: FramesAnswer): boolean {
  const [ours, theirs] = [frames, other].map((each) => each.frames.filter(isCall).length) as [number, number]
  if (ours !== theirs) return ours > theirs
  return frames.fault === undefined && frames.complete && (other.fault !== undefined || !other.complete)
}

function isCall({ kind }: PlainFrame): boolean {
  return kind !== 'inline' && kind !== 'tail-call'
}
