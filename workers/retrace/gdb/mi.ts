/**
 * The output records of gdb's machine interface (GDB manual, 'GDB/MI Output Syntax'), one line at a time. Pure. Owns
 * the grammar; refuses lines that do not follow it, nest too deep or hold too many values: what gdb says about a
 * hostile core is as untrusted as the core.
 */
import { Buffer } from 'node:buffer'

export type MiValue = string | MiValue[] | { [name: string]: MiValue }
export type MiTuple = { [name: string]: MiValue }

export type MiRecord =
  /** `^done`, `^connected`, `^error`, ...: the answer to the command that had the token. */
  | { kind: 'result'; token: number | undefined; class: string; results: MiTuple }
  /** `*stopped`, `+download`, `=thread-created`, ... */
  | { kind: 'async'; class: string; results: MiTuple }
  /** `~` for people, `@` of the program, `&` gdb's own log: warnings and echoed errors. */
  | { kind: 'stream'; stream: 'console' | 'target' | 'log'; text: string }
  /** `(gdb)`: ready for the next command. */
  | { kind: 'prompt' }

export class MiError extends Error {
  override name = 'MiError'
}

const MAX_DEPTH = 32
const MAX_VALUES = 200_000
const STREAMS: Readonly<Record<string, 'console' | 'target' | 'log'>> = { '~': 'console', '@': 'target', '&': 'log' }

/** Reads one line without its end. Each UTF-16 unit of `line` is one byte of gdb's output (latin1). Throws MiError. */
export function parseRecord(line: string): MiRecord {
  if (line.trimEnd() === '(gdb)') return { kind: 'prompt' }
  const [, digits = '', mark = ''] = /^(\d{0,15})([\^*+=~@&])/.exec(line) ?? []
  const reader = new Reader(line, digits.length + mark.length)
  const stream = STREAMS[mark]
  if (stream !== undefined) return { kind: 'stream', stream, text: reader.cString() }
  if (mark === '') {
    throw new MiError(`Expected a record of the machine interface, got ${JSON.stringify(line.slice(0, 80))}`)
  }
  const name = reader.word()
  const results: MiTuple = {}
  while (reader.take(',')) reader.result(results)
  reader.end()
  return mark === '^'
    ? { kind: 'result', token: digits === '' ? undefined : Number(digits), class: name, results }
    : { kind: 'async', class: name, results }
}

/** A member of a result that is text; undefined when it is missing or no text. */
export function textOf(value: MiValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** A MI c-string as it has to be written for gdb to read it: for paths and console commands in commands. */
export function quoteForMi(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n')}"`
}

class Reader {
  readonly #line: string
  #at: number
  #values = 0

  constructor(line: string, at: number) {
    this.#line = line
    this.#at = at
  }

  take(character: string): boolean {
    if (this.#line[this.#at] !== character) return false
    this.#at++
    return true
  }

  end(): void {
    if (this.#line.slice(this.#at).trimEnd() !== '') this.#fail('the end of the line')
  }

  word(): string {
    const start = this.#at
    while (/[A-Za-z0-9_-]/.test(this.#line[this.#at] ?? '')) this.#at++
    return this.#at > start ? this.#line.slice(start, this.#at) : this.#fail('a name')
  }

  /** `name=value`, into `tuple`. gdb repeats names in some tuples: the first one stays. */
  result(tuple: MiTuple, depth = 0): void {
    const equals = this.#line.indexOf('=', this.#at)
    const name = equals < 0 ? '' : this.#line.slice(this.#at, equals)
    if (!/^[A-Za-z_][A-Za-z0-9_-]{0,63}$/.test(name)) this.#fail('a name and an equals sign')
    this.#at = equals + 1
    const value = this.value(depth)
    if (!Object.hasOwn(tuple, name) && name !== '__proto__') tuple[name] = value
  }

  value(depth: number): MiValue {
    if (depth > MAX_DEPTH || ++this.#values > MAX_VALUES) this.#fail('fewer values, nested less')
    if (this.#line[this.#at] === '"') return this.cString()
    if (this.take('{')) return this.#tuple(depth)
    if (this.take('[')) return this.#list(depth)
    return this.#fail('a string, tuple or list')
  }

  #tuple(depth: number): MiTuple {
    const tuple: MiTuple = {}
    if (this.take('}')) return tuple
    do this.result(tuple, depth + 1)
    while (this.take(','))
    return this.take('}') ? tuple : this.#fail('the end of a tuple')
  }

  /** A list of values, or of results whose names (all the same: `frame=`) say nothing. */
  #list(depth: number): MiValue[] {
    const list: MiValue[] = []
    if (this.take(']')) return list
    do {
      if (/["{[]/.test(this.#line[this.#at] ?? '')) list.push(this.value(depth + 1))
      else {
        const one: MiTuple = {}
        this.result(one, depth + 1)
        list.push(...Object.values(one))
      }
    } while (this.take(','))
    return this.take(']') ? list : this.#fail('the end of a list')
  }

  /** A string with C's escapes; octal escapes are bytes, and all bytes together are UTF-8. */
  cString(): string {
    if (!this.take('"')) this.#fail('a string')
    const pieces: string[] = []
    for (;;) {
      const end = this.#findEscapeOrQuote()
      pieces.push(this.#line.slice(this.#at, end))
      this.#at = end + 1
      if (this.#line[end] === '"') break
      pieces.push(this.#escape())
    }
    const bytes = pieces.join('')
    return /^\p{ASCII}*$/u.test(bytes) ? bytes : Buffer.from(bytes, 'latin1').toString('utf8')
  }

  #findEscapeOrQuote(): number {
    for (let at = this.#at; at < this.#line.length; at++) {
      const character = this.#line[at]
      if (character === '"' || character === '\\') return at
    }
    return this.#fail('the end of a string')
  }

  #escape(): string {
    const octal = /^[0-7]{1,3}/.exec(this.#line.slice(this.#at, this.#at + 3))?.[0]
    if (octal !== undefined) {
      this.#at += octal.length
      return String.fromCharCode(Number.parseInt(octal, 8) & 0xff)
    }
    const character = this.#line[this.#at++]
    if (character === undefined) this.#fail('an escaped character')
    return ESCAPES[character] ?? character
  }

  #fail(expected: string): never {
    const near = JSON.stringify(this.#line.slice(Math.max(0, this.#at - 20), this.#at + 40))
    throw new MiError(`Expected ${expected} at byte ${this.#at} of gdb's answer, near ${near}`)
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\u0007',
  b: '\b',
  e: '\u001b',
  f: '\f',
  v: '\v',
}
