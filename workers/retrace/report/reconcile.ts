/**
 * gdb's text against what its API says of the same values. A value of which parts are optimized out can be printed as if
 * all of it were known: Rust's `None` for an enum without its discriminant. Pure. Leaves alone what says of itself that
 * something is missing.
 */
import type { Variable } from '../gdb/values.ts'

interface Valued {
  readonly locals: readonly Variable[]
}

const OPTIMIZED_OUT = '<optimized out>'
/** What gdb says in the place of a value, or of a part, that is not there. */
const ADMITS = /<optimized out>|<synthetic pointer>|<unavailable>|<error/
/** Where a local begins in the text of a frame; lines of its value that follow are indented more, or not at all. */
const LOCAL = /^ {8}([^ =][^=\n]*) = /

/** The text, with the locals of each frame as far as they are known. */
export function reconciled(text: string | undefined, frames: readonly Valued[]): string | undefined {
  if (text === undefined || !frames.some(({ locals }) => locals.some(isLost))) return text
  const out: string[] = []
  let lost: ReadonlySet<string> = new Set()
  let level = 0
  let value: string[] = []
  const flush = () => {
    const name = LOCAL.exec(value[0] ?? '')?.[1] ?? ''
    const isAsserted = lost.has(name) && !value.some((line) => ADMITS.test(line))
    out.push(...(isAsserted ? [`        ${name} = ${OPTIMIZED_OUT}`] : value))
    value = []
  }
  for (const line of text.split('\n')) {
    const begins = line.startsWith(`#${level} `)
    if (begins || LOCAL.test(line) || /^(\(|No |Backtrace stopped)/.test(line)) flush()
    if (begins) lost = namesLost(frames[level++])
    value.push(line)
  }
  flush()
  return out.join('\n')
}

/** Names that several blocks of a function share are not told apart. */
function namesLost(frame: Valued | undefined): ReadonlySet<string> {
  const locals = frame?.locals ?? []
  const isAlone = ({ name }: Variable) => locals.filter((each) => each.name === name).length === 1
  return new Set(locals.filter((each) => isLost(each) && isAlone(each)).map(({ name }) => name))
}

/** Only what has parts can lack some of them, and be printed all the same. */
function isLost({ state, kind }: Variable): boolean {
  return state === 'optimized-out' && (kind === 'struct' || kind === 'union' || kind === 'array')
}
