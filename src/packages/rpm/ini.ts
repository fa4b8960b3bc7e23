/**
 * The text of a `.repo` file as sections of options, with their lines (dnf.conf(5), 'repo options'). Our own reader,
 * because no library for this syntax keeps the line numbers that errors must name.
 */

/** An option's value; lines that continue it are joined by LF. */
export interface IniOption {
  value: string
  line: number
}

export interface IniSection {
  name: string
  line: number
  options: Map<string, IniOption>
}

/** Reads a text; calls `fail`, which does not return, for the first line that is malformed. */
export function parseIni(text: string, fail: (line: number, message: string) => never): IniSection[] {
  const sections: IniSection[] = []
  let current: IniOption | undefined
  for (const [at, raw] of text.replace(/^\uFEFF/, '').split('\n').entries()) {
    const line = at + 1
    const trimmed = raw.trim()
    if (trimmed === '' || /^[#;]/.test(trimmed)) continue
    if (/^\s/.test(raw)) {
      if (current === undefined) fail(line, 'The line is indented, but there is no option before it that it continues')
      current.value += `\n${trimmed}`
      continue
    }
    const name = /^\[(.*)\]$/.exec(trimmed)?.[1]
    if (name !== undefined) {
      if (!/^[A-Za-z0-9_.:-]+$/.test(name)) fail(line, `[${name}] is no name of a section`)
      if (sections.some((section) => section.name === name)) fail(line, `The section [${name}] is here twice`)
      sections.push({ name, line, options: new Map() })
      current = undefined
      continue
    }
    current = optionOf(trimmed, { line, section: sections.at(-1), fail })
  }
  return sections
}

function optionOf(
  text: string,
  { line, section, fail }: {
    line: number
    section: IniSection | undefined
    fail: (line: number, message: string) => never
  },
): IniOption {
  const match = /^([^=\s]+)\s*=\s*(.*)$/.exec(text)
  if (match?.[1] === undefined) return fail(line, 'The line is no [section], option = value, or comment')
  if (section === undefined) return fail(line, `The option ${match[1]} stands before the first [section]`)
  const key = match[1].toLowerCase()
  if (section.options.has(key)) return fail(line, `${key} is in [${section.name}] twice`)
  const option = { value: match[2] ?? '', line }
  section.options.set(key, option)
  return option
}
