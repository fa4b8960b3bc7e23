/**
 * The frames of a plain `backtrace`, out of its text, for a thread of which gdb's API did not tell all. Pure. A text in
 * which the frames are not numbered one by one is not believed: a name in it could hold what reads as a frame.
 */
import { namesOf, type PlainFrame } from './answers.ts'

/** Address; function with its arguments, and what follows them. */
const FRAME = /^#\d+ +(0x[0-9a-f]+) in (.+ \(.*\))(?: at (.+):(\d+)| from .+)?$/
const HANDLER = /^#\d+ +<signal handler called>$/

/** Each frame's line, by its level. */
export function readPlainLines(text: string): string[] {
  const lines = text.split('\n').filter((line) => /^#\d/.test(line))
  return lines.every((line, level) => line.startsWith(`#${level} `)) ? lines : []
}

/** The frames of a text that says the address of each (`-frame-info location-and-address`). */
export function readPlainFrames(text: string): PlainFrame[] {
  return readPlainLines(text).map((line): PlainFrame => {
    const nothing = { function: undefined, file: undefined, line: undefined }
    if (HANDLER.test(line)) return { pc: 0n, kind: 'signal-handler', ...nothing }
    const [, pc = '0', called, file, number] = FRAME.exec(line) ?? []
    const place = { file, line: number === undefined ? undefined : Number(number) }
    return { pc: BigInt(pc), kind: 'normal', ...namesOf(functionIn(called)), ...place }
  })
}

/** What stands before the arguments; there are parentheses in the parameters of a template, too. */
function functionIn(called = ''): string | undefined {
  let depth = 0
  for (let at = 0; at < called.length; at++) {
    if (called[at] === '<') depth++
    else if (called[at] === '>') depth--
    else if (depth <= 0 && called.startsWith(' (', at)) {
      return called.slice(0, at) === '??' ? undefined : called.slice(0, at)
    }
  }
  return undefined
}
