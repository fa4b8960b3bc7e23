/**
 * How libsatyr, and with it ABRT, reads a gdb backtrace, written anew from what its parser takes: header, threads,
 * frames, names with operators, templates and parentheses. Pure. What this refuses, ABRT cannot use.
 */

export interface SatyrFrame {
  number: number
  address: bigint | undefined
  /** What the library takes for the type of the function: of `operator bool` all but the last word. */
  type: string | undefined
  function: string | undefined
  file: string | undefined
  line: number | undefined
  isSignalHandler: boolean
}

export interface SatyrThread {
  number: number
  frames: SatyrFrame[]
}

export interface SatyrBacktrace {
  crash: SatyrFrame | undefined
  threads: SatyrThread[]
  libraries: { from: bigint; to: bigint; symbols: string; name: string }[]
}

const OPERATORS = [
  '>>=',
  '>>',
  '>=',
  '>',
  '<<=',
  '<<',
  '<=',
  '<',
  '->*',
  '->',
  '-=',
  '--',
  '-',
  '==',
  '=',
  '&&',
  '&=',
  '&',
]
  .concat([
    '||',
    '|=',
    '|',
    '++',
    '+=',
    '+',
    '/=',
    '/',
    '*=',
    '*',
    '%=',
    '%',
    '!=',
    '!',
    '~',
    '()',
    '[]',
    ',',
    '^=',
    '^',
  ])
  .concat([' new[]', ' new', ' delete[]', ' delete'])
const NAME = /[A-Za-z0-9@.:=!*+\-[\]~&/%^|,_]/
const SPACE = /[ \t\n\v\f\r]/
const CONST = /[ \t\n\v\f\r]const/
const FILE = /[A-Za-z0-9_/\\+.-]+/
/** Parentheses and angles within each other: a name with more is no name. */
const MAX_DEPTH = 200

/** Throws an Error that says what was expected where. */
export function parseSatyr(text: string): SatyrBacktrace {
  const reader = new Reader(text)
  const firstThread = text.indexOf('\nThread ')
  const firstFrame = text.indexOf('\n#')
  if (firstThread < 0 && firstFrame < 0) throw new Error('No frame and no thread found')
  let crash: SatyrFrame | undefined
  if (firstThread < 0 || (firstFrame >= 0 && firstFrame < firstThread)) {
    reader.at = firstFrame + 1
    crash = reader.frame()
  } else reader.at = firstThread + 1
  const threads: SatyrThread[] = []
  while (reader.startsWith('Thread')) threads.push(reader.thread())
  if (threads.length === 0) {
    throw new Error(`A thread was expected, got ${JSON.stringify(text.slice(reader.at, reader.at + 60))}`)
  }
  return { crash, threads, libraries: parseLibraries(text) }
}

function parseLibraries(text: string): SatyrBacktrace['libraries'] {
  const lines = text.split('\n')
  const head = lines.findIndex((line) => /^From\s+To\s+Syms Read\s+Shared Object Library$/.test(line))
  const libraries: SatyrBacktrace['libraries'] = []
  for (const line of head < 0 ? [] : lines.slice(head + 1)) {
    const [, from, to, symbols, name] =
      /^(?:(0x[0-9a-f]+)\s+(0x[0-9a-f]+))?\s*(Yes \(\*\)|Yes|No)\s+(.*)$/.exec(line) ?? []
    if (symbols === undefined || name === undefined) break
    libraries.push({ from: BigInt(from ?? -1), to: BigInt(to ?? -1), symbols, name })
  }
  return libraries
}

/** By their sources: making one costs more than it matches. */
const STICKY = new Map<string, RegExp>()

function sticky({ source }: RegExp): RegExp {
  const known = STICKY.get(source)
  if (known !== undefined) return known
  const made = new RegExp(source, 'y')
  STICKY.set(source, made)
  return made
}

/** Of a text that `parseSatyr` refuses: the frame where it does, and in which thread; undefined: it reads it. */
export function unreadableFrame(
  text: string,
): { readonly thread: number | undefined; readonly frame: string } | undefined {
  try {
    parseSatyr(text)
    return undefined
  } catch (error) {
    if (!(error instanceof GrammarError)) return { thread: undefined, frame: '' }
    const before = text.slice(0, error.at + 1)
    const start = before.lastIndexOf('\n#') + 1
    const thread = [...before.matchAll(/^Thread (\d+) /gm)].at(-1)?.[1]
    return {
      thread: thread === undefined ? undefined : Number(thread),
      frame: start === 0 ? '' : text.slice(start).split('\n', 1)[0] ?? '',
    }
  }
}

class GrammarError extends Error {
  readonly at: number

  constructor(message: string, at: number) {
    super(message)
    this.at = at
  }
}

class Reader {
  readonly text: string
  at = 0
  depth = 0

  constructor(text: string) {
    this.text = text
  }

  startsWith(text: string): boolean {
    return this.text.startsWith(text, this.at)
  }

  find(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at
    return pattern.exec(this.text)
  }

  skip(pattern: RegExp): string | undefined {
    const match = this.find(sticky(pattern))?.[0]
    if (match !== undefined) this.at += match.length
    return match
  }

  expect(pattern: RegExp, what: string): string {
    return this.skip(pattern) ?? this.fail(what)
  }

  fail(what: string): never {
    throw new GrammarError(`Expected ${what} at ${JSON.stringify(this.text.slice(this.at, this.at + 80))}`, this.at)
  }

  thread(): SatyrThread {
    this.expect(/Thread +/, 'a thread')
    const number = Number(this.expect(/\d+/, "a thread's number"))
    this.expect(/ +/, 'a space')
    this.skip(/\(LWP \d+\)/)
    if (this.skip(/\(Thread /) !== undefined) {
      this.expect(/0x[0-9a-fA-F]+|\d+/, "a thread's address")
      this.skip(/ +/)
      this.skip(/\(LWP \d+\)/)
      this.expect(/\)/, 'the end of the parenthesis')
    }
    this.expect(/:\n/, 'a colon and the end of the line')
    const frames = [this.frame()]
    while (this.text[this.at] === '#') frames.push(this.frame())
    return { number, frames }
  }

  frame(): SatyrFrame {
    this.expect(/#/, 'a frame')
    const number = Number(this.expect(/\d+/, "a frame's number"))
    this.expect(/ +/, 'a space')
    const frame = this.place(number)
    const next = this.find(/\n#|\nThread/g)
    this.at = next === null ? this.text.length : next.index + 1
    return frame
  }

  place(number: number): SatyrFrame {
    if (this.skip(/<signal handler called>/) !== undefined) {
      return {
        number,
        address: undefined,
        type: undefined,
        function: undefined,
        file: undefined,
        line: undefined,
        isSignalHandler: true,
      }
    }
    const address = this.skip(/0x[0-9a-fA-F]+/)
    if (address !== undefined) this.expect(/ +in +(vtable +for +)?/, "'in'")
    const name = this.functionName()
    this.expect(/[ \n]+/, 'a space after the name')
    this.arguments()
    const [file, line] = this.location()
    return {
      number,
      address: address === undefined ? undefined : BigInt(address),
      ...name,
      file,
      line,
      isSignalHandler: false,
    }
  }

  /** A place that cannot be read is none: the frame stays. */
  location(): [file: string | undefined, line: number | undefined] {
    if (this.skip(/[ \n]+(at|from) +/) === undefined) return [undefined, undefined]
    const file = this.skip(FILE)
    const line = this.skip(/:\d*/)?.slice(1)
    if (file === undefined || line === '') return [undefined, undefined]
    return [/\/lib.*\.so(\.|$)/.test(file) ? undefined : file, line === undefined ? undefined : Number(line)]
  }

  functionName(): Pick<SatyrFrame, 'type' | 'function'> {
    if (this.skip(/\?\?/) !== undefined) return { type: undefined, function: '??' }
    let name = this.skip(/(?!operator)[~*._A-Za-z0-9]/) ??
      (this.startsWith('operator') ? '' : this.braces('(', ')'))
    if (name === undefined) return this.fail('a function name')
    name += this.pieces()
    name += this.constness()
    const before = this.at
    this.skip(SPACE)
    const second = this.chunk(false)
    if (second === undefined) {
      this.at = before
      return { type: undefined, function: name + this.constness() }
    }
    return { type: name, function: second + this.pieces() + this.constness() }
  }

  /** ` const`, if it is there; a space has to follow, and nothing may begin with that word. */
  constness(): string {
    const found = this.skip(CONST) ?? ''
    if (this.find(sticky(SPACE)) === null) this.fail('a space after the function name')
    return found
  }

  pieces(): string {
    let all = ''
    for (;;) {
      const piece = this.chunk(false) ?? this.braces('(', ')') ?? this.braces('<', '>')
      if (piece === undefined) return all
      all += piece
    }
  }

  chunk(isSpaceAllowed: boolean): string | undefined {
    let out = ''
    while (this.at < this.text.length) {
      const operator = this.startsWith('operator')
        ? OPERATORS.find((each) => this.startsWith(`operator${each}`))
        : undefined
      if (operator !== undefined) {
        out += `operator${operator}`
        this.at += 8 + operator.length
        if (this.text[this.at] === ' ' && this.text[this.at + 1] !== '(') {
          out += ' '
          this.at++
        }
      }
      const character = this.text[this.at] ?? ''
      if (!NAME.test(character) && !(isSpaceAllowed && character === ' ')) break
      out += character
      this.at++
    }
    return out === '' ? undefined : out
  }

  braces(open: string, close: string): string | undefined {
    if (this.text[this.at] !== open || this.depth >= MAX_DEPTH) return undefined
    const start = this.at++
    this.depth++
    for (;;) {
      const piece = (open === '<' ? this.templateArguments() : undefined) ?? this.chunk(true) ??
        this.braces('(', ')') ??
        this.braces('<', '>')
      if (piece === undefined) break
    }
    this.depth--
    if (this.text[this.at] !== close) {
      this.at = start
      return undefined
    }
    this.at++
    return this.text.slice(start, this.at)
  }

  templateArguments(): string | undefined {
    return this.skip(/ \[with [^\]]*\]/)
  }

  arguments(): void {
    this.expect(/\(/, 'the list of arguments')
    let depth = 0
    for (let isString = false; this.at < this.text.length; this.at++) {
      // What printed it has cut it there, whatever was open.
      if (this.startsWith('(truncated)')) {
        depth = 0
        isString = false
      }
      const character = this.text[this.at]
      if (isString) {
        if (character === '\\') this.at++
        else if (character === '"') isString = false
      } else if (character === '"') isString = true
      else if (character === '(') depth++
      else if (character === ')' && depth-- === 0) {
        this.at++
        return
      }
    }
    this.fail('the end of the list of arguments')
  }
}
