/**
 * Debian's control syntax (deb822(5)) as `.sources` files have it: stanzas, continuation lines and comments. Field names
 * are kept in lower case. As apt has it, a line of white space ends no stanza but continues it, and of a field that is there
 * twice the last counts, with a warning. A line that belongs to no field spoils its stanza and no other. What archives write is
 * read by `release_fields.ts` and `packages_index.ts`.
 */
import { adviceOnLine, stanzaOfLine } from './one_line.ts'

export interface Field {
  /** Continuation lines follow each other with a newline; a line ` .` is empty. */
  value: string
  line: number
}

export interface Stanza {
  line: number
  fields: Map<string, Field>
  /** The first thing that is wrong with it. */
  fault: StanzaRemark | undefined
  /** What is there twice. */
  warnings: StanzaRemark[]
}

export interface StanzaRemark {
  line: number
  message: string
}

/** All stanzas of a text. */
export function parseStanzas(text: string): Stanza[] {
  const stanzas: Stanza[] = []
  let stanza: Stanza | undefined
  let field: Field | undefined
  for (const [index, raw] of text.replace(/^\ufeff/, '').split(/\r*\n/).entries()) {
    const line = index + 1
    if (raw.startsWith('#')) continue
    if (raw === '' || (stanza === undefined && raw.trim() === '')) {
      stanza = undefined
      field = undefined
      continue
    }
    if (stanza === undefined) stanzas.push(stanza = { line, fields: new Map(), fault: undefined, warnings: [] })
    if (/^[ \t]/.test(raw)) {
      const rest = raw.trim()
      if (field !== undefined) field.value += `\n${rest === '.' ? '' : rest}`
      else if (rest !== '') stanza.fault ??= { line, message: 'a line begins with a space but continues no field' }
      continue
    }
    const [, shownName, value = ''] = /^([!-9;-~]+)[ \t]*:(.*)$/.exec(raw) ?? []
    const name = shownName?.toLowerCase()
    if (name === undefined) {
      stanza.fault ??= { line, message: faultOfLine(raw) }
      continue
    }
    if (stanza.fields.has(name)) stanza.warnings.push({ line, message: twice(shownName ?? name) })
    stanza.fields.set(name, field = { value: value.trim(), line })
  }
  return stanzas
}

function twice(name: string): string {
  return `the field ${name} is there twice in one stanza: the last counts, as for apt; between two stanzas stands an empty line`
}

function faultOfLine(line: string): string {
  const stanza = stanzaOfLine(line)
  return stanza === undefined ? 'a line is no field (Name: value)' : adviceOnLine(stanza)
}
