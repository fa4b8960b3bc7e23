/**
 * Debian's control syntax (deb822(5)) for short texts: `.sources` files and Release. Long texts are read by
 * `packages_index.ts`, in its own way. Field names are kept in lower case. A line that belongs to no field, and a field
 * that is twice in a stanza, are errors.
 */

export interface Field {
  /** Continuation lines follow each other with a newline; a line ` .` is empty. */
  value: string
  line: number
}

export interface Stanza {
  line: number
  fields: Map<string, Field>
}

/** Thrown for text that is no deb822; the line is that of the fault. */
export class SyntaxFault extends Error {
  override name = 'SyntaxFault'
  readonly line: number

  constructor(line: number, message: string) {
    super(message)
    this.line = line
  }
}

/** All stanzas of a text. */
export function parseStanzas(text: string): Stanza[] {
  const stanzas: Stanza[] = []
  let stanza: Stanza | undefined
  let field: Field | undefined
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = index + 1
    if (raw.startsWith('#')) continue
    if (raw.trim() === '') {
      stanza = undefined
      field = undefined
    } else if (/^[ \t]/.test(raw)) {
      if (field === undefined) throw new SyntaxFault(line, 'a line begins with a space but continues no field')
      const rest = raw.trim()
      field.value += `\n${rest === '.' ? '' : rest}`
    } else {
      const match = /^([!-9;-~]+):(.*)$/.exec(raw)
      if (match?.[1] === undefined) throw new SyntaxFault(line, 'a line is no field (Name: value)')
      if (stanza === undefined) stanzas.push(stanza = { line, fields: new Map() })
      const name = match[1].toLowerCase()
      if (stanza.fields.has(name)) throw new SyntaxFault(line, `the field ${match[1]} is there twice in one stanza`)
      field = { value: (match[2] ?? '').trim(), line }
      stanza.fields.set(name, field)
    }
  }
  return stanzas
}
