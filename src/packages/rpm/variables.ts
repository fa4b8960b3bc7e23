/**
 * dnf's variables in addresses: `$releasever`, `$releasever_major`, `$releasever_minor`, `$arch`, `$basearch`; in braces,
 * too, with `:-` and another text for one that has no value, with `:+` for one that has, in which variables can stand again.
 * An unknown name is an error: an address that is half right leads nowhere. Pure.
 */
import { type Architecture, architectureRow } from '../../elf/architecture.ts'
import { UsageError } from '../../errors/usage_error.ts'

export interface VariableValues {
  /** `retrace_releasever`. */
  releasever: string | undefined
  /** rpm's name, as configured: `x86_64`, `armv7hl`. */
  arch: string
  architecture: Architecture
}

type Fail = (message: string) => never

/** A variable as it stands in a text. */
interface Use {
  readonly whole: string
  readonly name: string
  /** `:-` and `:+` are followed by another text. */
  readonly kind: 'plain' | 'unless' | 'if'
  readonly other: string
}

/** Deeper than any real file; each level is a call. */
const MAX_DEPTH = 16

/** Names of the variables in a text, without `$`. */
export function variablesIn(text: string, depth = 0): Set<string> {
  const uses = [...partsOf(text)].filter((part) => typeof part !== 'string')
  const within = depth < MAX_DEPTH ? uses.flatMap(({ other }) => [...variablesIn(other, depth + 1)]) : []
  return new Set([...uses.map(({ name }) => name), ...within])
}

/** The text with the variables replaced; calls `fail` for one that has no value where it needs one. */
export function expandVariables(text: string, values: VariableValues, fail: Fail, depth = 0): string {
  if (depth > MAX_DEPTH) return fail(`Variables stand in each other more than ${MAX_DEPTH} times`)
  const parts = [...partsOf(text)].map((part) => {
    if (typeof part === 'string') return part
    const value = valueOf(part.name, values)
    const other = () => expandVariables(part.other, values, fail, depth + 1)
    if (part.kind === 'unless') return value || other()
    if (part.kind === 'if') return value ? other() : ''
    if (value !== undefined) return value
    return part.name.startsWith('releasever')
      ? fail(`${part.whole} occurs, so retrace_releasever is needed`)
      : fail(`The variable ${part.whole} is not known here: write its value in its place`)
  })
  return parts.join('')
}

/** The same of a line that others wrote: undefined where it needs a variable that has no value. */
export function expandedOrNot(text: string, values: VariableValues): string | undefined {
  try {
    return expandVariables(text, values, (message) => {
      throw new UsageError(message)
    })
  } catch (error) {
    if (error instanceof UsageError) return undefined
    throw error
  }
}

/** Undefined: it is unknown, or has no value. */
function valueOf(name: string, { releasever, arch, architecture }: VariableValues): string | undefined {
  const [major, minor = ''] = releasever?.split(/\.(.*)/s) ?? []
  switch (name) {
    case 'arch':
      return arch
    case 'basearch':
      return architectureRow(architecture).basearch
    case 'releasever':
      return releasever
    case 'releasever_major':
      return major
    case 'releasever_minor':
      return releasever === undefined ? undefined : minor
    default:
      return undefined
  }
}

/** Texts, and the variables between them; a `$` that begins none is text. */
function* partsOf(text: string): Generator<string | Use> {
  let start = 0
  for (let at = text.indexOf('$'); at >= 0; at = text.indexOf('$', at + 1)) {
    const use = useAt(text, at)
    if (use === undefined) continue
    yield text.slice(start, at)
    yield use
    start = at + use.whole.length
    at = start - 1
  }
  yield text.slice(start)
}

function useAt(text: string, at: number): Use | undefined {
  const [, brace, name, colon] = /^\$(\{?)([A-Za-z0-9_]+)(:[-+])?/.exec(text.slice(at, at + 300)) ?? []
  if (name === undefined) return undefined
  if (brace === '') return { whole: `$${name}`, name, kind: 'plain', other: '' }
  const begin = at + 2 + name.length + (colon?.length ?? 0)
  const end = colon === undefined ? begin : closingBrace(text, begin)
  if (end === undefined || text[end] !== '}') return undefined
  const kind = colon === undefined ? 'plain' : colon === ':-' ? 'unless' : 'if'
  return { whole: text.slice(at, end + 1), name, kind, other: text.slice(begin, end) }
}

function closingBrace(text: string, from: number): number | undefined {
  let open = 0
  for (let at = from; at < text.length; at++) {
    if (text.startsWith('${', at)) open++
    else if (text[at] === '}' && open-- === 0) return at
  }
  return undefined
}
