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
  /** The first of its lines that cannot be read. */
  fault: IniFault | undefined
}

export interface IniFault {
  line: number
  message: string
}

/** Reads a text. What stands before the first section is one of its own, without a name, whose fault is that. */
export function parseIni(text: string): IniSection[] {
  const sections: IniSection[] = []
  let current: IniOption | undefined
  const begin = (name: string, line: number): IniSection => {
    const section: IniSection = { name, line, options: new Map(), fault: undefined }
    sections.push(section)
    return section
  }
  const fail = (line: number, message: string) => {
    const section = sections.at(-1) ?? begin('', line)
    section.fault ??= { line, message }
  }
  for (const [at, raw] of text.replace(/^\uFEFF/, '').split('\n').entries()) {
    const line = at + 1
    const trimmed = raw.trim()
    if (trimmed === '' || /^[#;]/.test(trimmed)) continue
    if (/^\s/.test(raw)) {
      if (current !== undefined) current.value += `\n${trimmed}`
      else fail(line, 'The line is indented, but there is no option before it that it continues')
      continue
    }
    const name = /^\[(.*)\]$/.exec(trimmed)?.[1]
    if (name !== undefined) {
      const isTwice = sections.some((section) => section.name === name)
      begin(name, line)
      if (!/^[A-Za-z0-9_.:-]+$/.test(name)) fail(line, `[${name}] is no name of a section`)
      if (isTwice) fail(line, `The section [${name}] is here twice`)
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
    fail: (line: number, message: string) => void
  },
): IniOption | undefined {
  const match = /^([^=\s]+)\s*=\s*(.*)$/.exec(text)
  if (match?.[1] === undefined) fail(line, 'The line is no [section], option = value, or comment')
  else if (section === undefined) fail(line, `The option ${match[1]} stands before the first [section]`)
  if (match?.[1] === undefined || section === undefined) return undefined
  const key = match[1].toLowerCase()
  if (section.options.has(key)) fail(line, `${key} is in [${section.name}] twice`)
  const option = { value: match[2] ?? '', line }
  section.options.set(key, option)
  return option
}
