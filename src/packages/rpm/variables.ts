/**
 * dnf's variables in addresses: `$releasever`, `$releasever_major`, `$releasever_minor`, `$arch`, `$basearch`, and those
 * that a distribution or `retrace_vars` defines; in braces,
 * too, with `:-` and another text for one that has no value, with `:+` for one that has, in which variables can stand again.
 * An unknown name is an error: an address that is half right leads nowhere. Pure.
 */
import { type Architecture, architectureRow } from '../../elf/architecture.ts'
import { UsageError } from '../../errors/usage_error.ts'

export interface VariableValues {
  /** rpm's name, as configured: `x86_64`, `armv7hl`. */
  arch: string
  architecture: Architecture
  /** All others by their names, `releasever` among them: as the section says, else as the distribution has them. */
  others: Readonly<Record<string, string>>
}

/** Hears of the variable, with its `$`. */
type Fail = (message: string, variable: string) => never

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
/** Characters of a text behind `:-` or `:+`: where many are never closed, each is looked through no further. */
const MAX_OTHER = 512

/** Names of the variables in a text, without `$`. */
export function variablesIn(text: string, depth = 0): Set<string> {
  const uses = [...partsOf(text)].filter((part) => typeof part !== 'string')
  const within = depth < MAX_DEPTH ? uses.flatMap(({ other }) => [...variablesIn(other, depth + 1)]) : []
  return new Set([...uses.map(({ name }) => name), ...within])
}

/** The text with the variables replaced; calls `fail` for one that has no value where it needs one. */
export function expandVariables(text: string, values: VariableValues, fail: Fail, depth = 0): string {
  if (depth > MAX_DEPTH) return fail(`Variables stand in each other more than ${MAX_DEPTH} times`, text.slice(0, 100))
  const parts = [...partsOf(text)].map((part) => {
    if (typeof part === 'string') return part
    const value = valueOf(part.name, values)
    const other = () => expandVariables(part.other, values, fail, depth + 1)
    if (part.kind === 'unless') return value || other()
    if (part.kind === 'if') return value ? other() : ''
    if (value !== undefined) return value
    const variable = `$${part.name}`
    return part.name.startsWith('releasever')
      ? fail(`${variable} occurs, so retrace_releasever is needed`, variable)
      : fail(
        `The variable ${variable} is not known here: say its value, like retrace_vars=${part.name}=VALUE`,
        variable,
      )
  })
  return parts.join('')
}

/** The same of a line that others wrote; where it needs a variable that has no value, that one. */
export function expandedLine(text: string, values: VariableValues): { text: string } | { unknown: string } {
  let unknown: string | undefined
  try {
    return {
      text: expandVariables(text, values, (message, variable) => {
        unknown = variable
        throw new UsageError(message)
      }),
    }
  } catch (error) {
    if (unknown === undefined) throw error
    return { unknown }
  }
}

/** Undefined: it is unknown, or has no value. */
function valueOf(name: string, { arch, architecture, others }: VariableValues): string | undefined {
  const own = Object.hasOwn(others, name) ? others[name] : undefined
  if (own !== undefined) return own
  const releasever = Object.hasOwn(others, 'releasever') ? others.releasever : undefined
  const [major, minor = ''] = releasever?.split(/\.(.*)/s) ?? []
  switch (name) {
    case 'arch':
      return arch
    case 'basearch':
      return architectureRow(architecture).basearch
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
  for (let at = from; at < Math.min(text.length, from + MAX_OTHER); at++) {
    if (text.startsWith('${', at)) open++
    else if (text[at] === '}' && open-- === 0) return at
  }
  return undefined
}
