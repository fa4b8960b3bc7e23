/**
 * The text of gdb's `backtrace -full`, read: frames, arguments, locals. Pure. One run of gdb gives both the text and
 * the values of backtrace.json, so these are the same values. Owns that reading; refuses to lose lines: what it does
 * not know belongs to the value above it.
 */

export interface Variable {
  readonly name: string
  readonly value: string
}

export interface FrameText {
  readonly level: number
  readonly arguments: Variable[]
  readonly locals: Variable[]
}

export interface BacktraceText {
  readonly frames: Map<number, FrameText>
  /** What gdb says at the end when the stack ends too early: 'previous frame inner to this frame (corrupt stack?)'. */
  readonly stopped: string | undefined
}

const FRAME = /^#(\d+) +/
const INDENT = ' '.repeat(8)
const STOPPED = /^Backtrace stopped: (.*)$/
const MAX_VALUE = 16_384

/** Reads the frames of one thread. `nameOf` gives each frame's function as gdb's own API names it. */
export function readBacktrace(text: string, nameOf: (level: number) => string | undefined): BacktraceText {
  const frames = new Map<number, FrameText>()
  let current: FrameText | undefined
  let stopped: string | undefined
  for (const line of text.split('\n')) {
    const level = line.startsWith('#') ? FRAME.exec(line)?.[1] : undefined
    if (level !== undefined) {
      current = { level: Number(level), arguments: readArguments(line, nameOf(Number(level))), locals: [] }
      frames.set(current.level, current)
    } else if (line.startsWith(' ')) {
      if (current !== undefined) readLocal(line, current.locals)
    } else stopped ??= STOPPED.exec(line)?.[1]
  }
  return { frames, stopped }
}

/** `        NAME = VALUE`; what has another shape goes on with the value above it. */
function readLocal(line: string, locals: Variable[]): void {
  const equals = line.indexOf(' = ')
  const last = locals.at(-1)
  if (equals > INDENT.length && line.startsWith(INDENT) && line[INDENT.length] !== ' ') {
    locals.push({ name: line.slice(INDENT.length, equals), value: shortened(line.slice(equals + 3)) })
  } else if (last !== undefined && last.value.length < MAX_VALUE) {
    locals[locals.length - 1] = { name: last.name, value: `${last.value}\n${line.trim()}` }
  }
}

/** The arguments in a frame's line: `#0  0x... in NAME (a=1, b=0x2 "x, y") at FILE:LINE`. */
export function readArguments(line: string, name: string | undefined): Variable[] {
  const marker = name === undefined ? ' (' : `${name} (`
  const open = line.indexOf(marker)
  if (open < 0) return []
  const list = topLevel(line.slice(open + marker.length))
  return list.flatMap((each) => {
    const equals = each.indexOf('=')
    if (equals < 1) return []
    const name = each.slice(0, equals)
    const value = each.slice(equals + 1)
    // `a=a@entry=1`: the value, and the value on entry, are the same.
    return [{ name, value: shortened(value.startsWith(`${name}@entry=`) ? value.slice(name.length + 7) : value) }]
  })
}

/** The parts between the commas that separate arguments, up to the parenthesis that closes the list. */
function topLevel(text: string): string[] {
  const parts: string[] = []
  let depth = 0
  let start = 0
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === '"' || character === "'") at = endOfQuote(text, at)
    else if (character === '(' || character === '{' || character === '[') depth++
    else if (character === '}' || character === ']' || (character === ')' && depth > 0)) depth--
    else if (character === ')') {
      parts.push(text.slice(start, at))
      return parts.filter((part) => part !== '')
    } else if (character === ',' && depth === 0 && /^, [A-Za-z_$][^\s=,"'(){}]*=/.test(text.slice(at, at + 300))) {
      parts.push(text.slice(start, at))
      start = at + 2
    }
  }
  return parts.concat(text.slice(start)).filter((part) => part !== '')
}

function endOfQuote(text: string, from: number): number {
  const quote = text[from]
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === quote) return at
  }
  return text.length
}

function shortened(value: string): string {
  return value.length > MAX_VALUE ? `${value.slice(0, MAX_VALUE)}...` : value
}
