/**
 * Debian's control syntax (deb822(5)) as `.sources` files have it: stanzas, continuation lines and comments. Field names
 * are kept in lower case. A line that belongs to no field, and a field twice, spoil their stanza and no other. What
 * archives write is read by `release_fields.ts` and `packages_index.ts`.
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
  fault: { line: number; message: string } | undefined
}

/** All stanzas of a text. */
export function parseStanzas(text: string): Stanza[] {
  const stanzas: Stanza[] = []
  let stanza: Stanza | undefined
  let field: Field | undefined
  for (const [index, raw] of text.replace(/^\ufeff/, '').split(/\r*\n/).entries()) {
    const line = index + 1
    if (raw.startsWith('#')) continue
    if (raw.trim() === '') {
      stanza = undefined
      field = undefined
      continue
    }
    if (stanza === undefined) stanzas.push(stanza = { line, fields: new Map(), fault: undefined })
    if (/^[ \t]/.test(raw)) {
      const rest = raw.trim()
      if (field !== undefined) field.value += `\n${rest === '.' ? '' : rest}`
      else stanza.fault ??= { line, message: 'a line begins with a space but continues no field' }
      continue
    }
    const [, shownName, value = ''] = /^([!-9;-~]+):(.*)$/.exec(raw) ?? []
    const name = shownName?.toLowerCase()
    if (name === undefined) stanza.fault ??= { line, message: faultOfLine(raw) }
    else if (stanza.fields.has(name)) {
      stanza.fault ??= { line, message: `the field ${shownName} is there twice in one stanza` }
    } else stanza.fields.set(name, field = { value: value.trim(), line })
  }
  return stanzas
}

function faultOfLine(line: string): string {
  const stanza = stanzaOfLine(line)
  return stanza === undefined ? 'a line is no field (Name: value)' : adviceOnLine(stanza)
}
