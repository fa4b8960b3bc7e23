/**
 * How a stranger's text is shown to a person: in an answer, a log, a backtrace, a table. What would move a terminal's
 * cursor, end a line, turn the order of reading around, or not be seen at all is shown as its number, one way
 * everywhere: `\xNN` below 0x100, `\uNNNN`, `\u{NNNNN}` above. All other text, emoji among it, stays as it is.
 */

export interface EscapeOptions {
  /** What stays as it is where it belongs to the text's shape. */
  keep?: '\t' | '\t\n'
  /** What stands for a line feed that is not kept; else it is shown like any other. */
  lineFeed?: string
  /** A longer text is cut there, and ends in '...'. In UTF-16 units of what came, before anything is escaped. */
  length?: number
}

/**
 * Controls (C0, DEL, C1), line and paragraph separators, surrogates without their other half, and what is
 * not seen: format characters (bidirectional marks and overrides, zero-width space, soft hyphen, BOM, ...), letters that
 * only fill a place (Hangul), and unassigned code points that are to be ignored. Not those that join or part letters and
 * emoji (U+200C, U+200D), nor the tags that make a regional flag out of a black one.
 */
const HIDDEN =
  /\p{Cc}|\p{Zl}|\p{Zp}|\p{Cs}|[\ufff9-\ufffb]|(?![\u200c\u200d])(?=\p{DI})[\p{Cf}\p{Cn}\p{Lo}](?<!\u{1f3f4}[\u{e0061}-\u{e007a}]{0,6}[\u{e0061}-\u{e007a}\u{e007f}])/gu

/** A stranger's text, fit to be shown. */
export function escapeText(
  text: string,
  { keep = undefined, lineFeed, length = Infinity }: EscapeOptions = {},
): string {
  const shown = cutText(text, length).replace(HIDDEN, (character) => {
    if (keep?.includes(character)) return character
    if (character === '\n' && lineFeed !== undefined) return lineFeed
    return numberOf(character)
  })
  return text.length > length ? `${shown}...` : shown
}

/** A stranger's JSON, indented, with what a terminal acts on as the escapes of JSON; what is no JSON as `escapeText` has it. */
export function escapedJson(text: string): string {
  let shown: string
  try {
    shown = JSON.stringify(JSON.parse(text), undefined, 2)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return escapeText(text, { keep: '\t\n' })
  }
  const units = (character: string) => Array.from({ length: character.length }, (_, at) => character.charCodeAt(at))
  const escaped = (character: string) =>
    units(character).map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')
  return `${shown.replace(HIDDEN, (character) => character === '\n' ? character : escaped(character))}\n`
}

/**
 * A stranger's words inside a sentence of ours: at most 200 characters of them (docs/http.md, 'Rules for every
 * answer').
 */
export function quote(text: string): string {
  return escapeText(text, { length: 200 })
}

/** The beginning of a text, at most `length` UTF-16 units; never half a surrogate pair. */
export function cutText(text: string, length: number): string {
  const isInsidePair = /[\ud800-\udbff]/.test(text[length - 1] ?? '') && /[\udc00-\udfff]/.test(text[length] ?? '')
  return text.slice(0, isInsidePair ? length - 1 : length)
}

/** The first control character (C0, DEL, C1) of a text that is neither of `allowed`; undefined: there is none. */
export function controlIn(text: string, allowed = ''): string | undefined {
  for (const [control] of text.matchAll(/\p{Cc}/gu)) if (!allowed.includes(control)) return control
  return undefined
}

function numberOf(character: string): string {
  const code = character.codePointAt(0) ?? 0
  const digits = code.toString(16)
  if (code < 0x100) return `\\x${digits.padStart(2, '0')}`
  return code < 0x10000 ? `\\u${digits.padStart(4, '0')}` : `\\u{${digits}}`
}
