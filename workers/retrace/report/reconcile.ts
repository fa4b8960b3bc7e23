/**
 * gdb's text against what its API says of the same values. A value of which parts are optimized out can be printed as if
 * all of it were known: Rust's `None` for an enum without its discriminant; and what stands in files that are not here reads
 * as if there were nothing. Pure. Leaves alone what says of itself that something is missing.
 */
import type { Variable } from '../gdb/values.ts'

interface Valued {
  readonly arguments: readonly Variable[]
  readonly locals: readonly Variable[]
  /** Its arguments and locals are in files that are not here (Split DWARF). */
  readonly lacksFiles: boolean
}

const OPTIMIZED_OUT = '<optimized out>'
/** What gdb says in the place of a value, or of a part, that is not there. */
const ADMITS = /<optimized out>|<synthetic pointer>|<unavailable>|<error/
/** Where a local begins in the text of a frame; lines of its value that follow are indented more, or not at all. */
const LOCAL = /^ {8}([^ =][^=\n]*) = /

/** The text, with the locals of each frame as far as they are known. */
export function reconciled(text: string | undefined, frames: readonly Valued[]): string | undefined {
  if (text === undefined || !frames.some((frame) => isEmptied(frame) || frame.locals.some(isLost))) return text
  const blocks: string[][] = [[]]
  for (const line of text.split('\n')) {
    if (line.startsWith(`#${blocks.length - 1} `)) blocks.push([line])
    else blocks.at(-1)?.push(line)
  }
  return blocks.flatMap((lines, index) => {
    const frame = frames[index - 1]
    if (frame === undefined) return lines
    return isEmptied(frame) ? withoutClaims(lines) : withoutLost(lines, frame.locals)
  }).join('\n')
}

/** Nothing of it is known, though it may have had some. */
function isEmptied(frame: Valued): boolean {
  return frame.lacksFiles && frame.arguments.length === 0 && frame.locals.length === 0
}

function withoutClaims(lines: readonly string[]): string[] {
  return lines.map((line, index) => {
    if (index === 0) return line.replace(/ \(\)( at | from |$)/, ' (...)$1')
    return line === 'No locals.' ? 'No symbol table info available.' : line
  })
}

function withoutLost(lines: readonly string[], locals: readonly Variable[]): string[] {
  const parts: string[][] = [[]]
  for (const line of lines) {
    if (LOCAL.test(line) || /^(\(|No |Backtrace stopped)/.test(line)) parts.push([line])
    else parts.at(-1)?.push(line)
  }
  const names = parts.map(([first = '']) => LOCAL.exec(first)?.[1])
  const seen = new Map<string, number>()
  return parts.flatMap((part, index) => {
    const name = names[index]
    if (name === undefined) return part
    // Several blocks of a function can have the same name: gdb tells both from the innermost on.
    const same = locals.filter((each) => each.name === name)
    const at = seen.get(name) ?? 0
    seen.set(name, at + 1)
    const known = same.length === names.filter((each) => each === name).length ? same[at] : undefined
    const isAsserted = known !== undefined && isLost(known) && !part.some((line) => ADMITS.test(line))
    return isAsserted ? [`        ${name} = ${OPTIMIZED_OUT}`] : part
  })
}

/** Only what has parts can lack some of them, and be printed all the same. */
function isLost({ state, kind }: Variable): boolean {
  return state === 'optimized-out' && (kind === 'struct' || kind === 'union' || kind === 'array')
}
