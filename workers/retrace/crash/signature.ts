/**
 * What makes two crashes the same, in all builds of a program: the first functions of the crashed thread with their
 * modules, without addresses, lines and what was inlined; recursion counts once. Pure. Refuses a stack without names: it
 * would be the same as all others.
 */
import { createHash } from 'node:crypto'
import type { ReportFrame } from '../report/frames.ts'
import { cycleOf, rotated } from './cycle.ts'
import { machineryOf } from './machinery.ts'
import { NAMELESS, plainName } from './names.ts'

export interface Signature {
  /** `1:` and 32 hexadecimal digits of the frames' SHA-256; the number rises when the rules change. */
  readonly value: string
  /** `MODULE!FUNCTION`, the newest first. */
  readonly frames: readonly string[]
}

const RULES = '1'
const FRAMES = 6
const DIGITS = 32
/** Frames that are looked at for recursion. */
const MAX_FRAMES = 512

export function signatureOf(all: readonly ReportFrame[]): Signature | undefined {
  // Whether a call was inlined, or was the last act of its caller, differs from build to build.
  const frames = all.slice(machineryOf(all)).filter(({ kind }) => kind !== 'inline' && kind !== 'tail-call')
  const names = frames.slice(0, MAX_FRAMES).map(plainName)
  const first = withoutStart(withoutRecursion(names)).slice(0, FRAMES)
  if (first.every((name) => name.endsWith(`!${NAMELESS}`) || name.startsWith('<'))) return undefined
  const hash = createHash('sha256').update(first.join('\n')).digest('hex')
  return { value: `${RULES}:${hash.slice(0, DIGITS)}`, frames: first }
}

/** How a C library starts threads and programs is its own affair: start_thread, clone3, __libc_start_main. */
function withoutStart(names: readonly string[]): readonly string[] {
  const last = names.findLastIndex((name) => !/^(libc|libpthread|ld-\w+)\.so!|!_start$|!__libc_start/.test(name))
  return last < 0 ? names : names.slice(0, last + 1)
}

function withoutRecursion(names: readonly string[]): string[] {
  const cycle = cycleOf(names)
  if (cycle === undefined) return names.filter((name, at) => name !== names[at - 1] || name.endsWith(`!${NAMELESS}`))
  const behind = names.slice(cycle.start + cycle.names.length * cycle.passes)
  // Where in its cycle an overflow ends is chance, and so is what of a pass is left behind the last whole one.
  const rest = behind.slice(behind.findIndex((name) => !cycle.names.includes(name)))
  const isOnlyRest = behind.every((name) => cycle.names.includes(name))
  return [...names.slice(0, cycle.start), ...rotated(cycle.names), ...(isOnlyRest ? [] : rest)]
}
