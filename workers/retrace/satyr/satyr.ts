/**
 * What libsatyr says of a backtrace, and ABRT with it: the crashed thread, its hash for duplicates (`duphash`), the two
 * qualities and the rating. Pure; the figures are equal to the library's (test/fixtures/satyr). Refuses nothing: a text
 * that the library cannot read has no figures.
 */
import { createHash } from 'node:crypto'
import { parseSatyr, type SatyrBacktrace, type SatyrFrame, type SatyrThread } from './grammar.ts'
import { isExit, NAMELESS, normalised } from './normalised.ts'

export interface Assessment {
  /** Undefined: the library does not find it. */
  readonly crashed: SatyrThread | undefined
  /** Of all frames of all threads. */
  readonly simple: number
  /** With weights, of what is left of the threads. */
  readonly complex: number
  readonly rating: Rating
  /** What `complex` lacks to 1, by frame. */
  readonly lacks: readonly Lack[]
}

export type Rating = 0 | 1 | 2 | 3 | 4

/** A frame without a name or a source file. */
export interface Lack {
  readonly thread: number
  readonly level: number
  readonly isNamed: boolean
  /** Its part of the quality. */
  readonly cost: number
}

const HASHED_FRAMES = 3
const TOP_FRAMES = 5
const WEIGHTS = { all: 0.25, crashed: 0.35, top: 0.4 }
/** Below the first, 0; below the second, 1. */
const STEPS = [0.6, 0.7, 0.8, 0.9]
/** Between what numbers the library calls equal, since it counts in single precision. */
const ROUNDING = 1e-6

/** Undefined: the library cannot read the text. */
export function assess(text: string): Assessment | undefined {
  const backtrace = parsed(text)
  if (backtrace === undefined) return undefined
  const { threads } = backtrace
  const whole = crashedOf(threads, backtrace.crash)
  const left = threads.map(normalised)
  const crashed = whole === undefined ? undefined : left[threads.indexOf(whole)]
  const lacks = crashed === undefined ? [] : lacksOf(left, crashed)
  const complex = crashed === undefined ? 0 : complexOf(left, crashed)
  return {
    crashed,
    simple: qualityOf(threads.flatMap(({ frames }) => frames)),
    complex,
    rating: ratingOf(complex),
    lacks,
  }
}

/** The text that `duphash` is the SHA-1 of. */
export function duphashText({ frames }: SatyrThread, component: string): string {
  return `${component}Thread\n${frames.slice(0, HASHED_FRAMES).map((frame) => `${hashedLine(frame)}\n`).join('')}`
}

/** SHA-1, in hexadecimal digits. */
export function duphashOf(text: string): string {
  return createHash('sha1').update(text).digest('hex')
}

function hashedLine({ isSignalHandler, type, function: name }: SatyrFrame): string {
  if (isSignalHandler) return '  <signal handler called>'
  return ` ${[type, name].map((part) => part === undefined ? '' : ` ${part}`).join('')}`
}

function parsed(text: string): SatyrBacktrace | undefined {
  try {
    return parseSatyr(text)
  } catch {
    return undefined
  }
}

/** A single thread; the one that begins as the frame before the threads; the first that ended the process. */
function crashedOf(threads: readonly SatyrThread[], crash: SatyrFrame | undefined): SatyrThread | undefined {
  if (threads.length === 1) return threads[0]
  const alike = crash === undefined ? [] : threads.filter(({ frames }) => frames[0]?.function === crash.function)
  if (alike.length === 1) return alike[0]
  return threads.find(({ frames }) => frames.some(isExit))
}

function isGood(frame: SatyrFrame): boolean {
  return frame.isSignalHandler || (isNamed(frame) && frame.file !== undefined)
}

function isNamed(frame: SatyrFrame): boolean {
  return frame.function !== undefined && frame.function !== NAMELESS
}

function qualityOf(frames: readonly SatyrFrame[]): number {
  return frames.length === 0 ? 0 : frames.filter(isGood).length / frames.length
}

function complexOf(threads: readonly SatyrThread[], crashed: SatyrThread): number {
  const all = threads.flatMap(({ frames }) => frames)
  return WEIGHTS.all * qualityOf(all) + WEIGHTS.crashed * qualityOf(crashed.frames) +
    WEIGHTS.top * qualityOf(crashed.frames.slice(0, TOP_FRAMES))
}

function ratingOf(quality: number): Rating {
  return STEPS.filter((step) => quality >= step - ROUNDING).length as Rating
}

function lacksOf(threads: readonly SatyrThread[], crashed: SatyrThread): Lack[] {
  const total = threads.reduce((sum, { frames }) => sum + frames.length, 0)
  const top = Math.min(TOP_FRAMES, crashed.frames.length)
  return threads.flatMap((thread) =>
    thread.frames.flatMap((frame, index) => {
      if (isGood(frame)) return []
      const ofCrashed = thread === crashed ? WEIGHTS.crashed / crashed.frames.length : 0
      const ofTop = thread === crashed && index < TOP_FRAMES ? WEIGHTS.top / top : 0
      const cost = WEIGHTS.all / total + ofCrashed + ofTop
      return [{ thread: thread.number, level: frame.number, isNamed: isNamed(frame), cost }]
    })
  )
}
