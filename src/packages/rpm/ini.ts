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
  fault: IniRemark | undefined
  /** What is there twice. */
  warnings: IniRemark[]
}

export interface IniRemark {
  line: number
  message: string
}

/**
 * Reads a text. What stands before the first section is one of its own, without a name, whose fault is that. Of an option
 * that is there twice the last counts, and a section that is there twice is one: as dnf has it, with a warning.
 */
export function parseIni(text: string): IniSection[] {
  const sections: IniSection[] = []
  let current: IniOption | undefined
  let section: IniSection | undefined
  const begin = (name: string, line: number): IniSection => {
    const begun: IniSection = { name, line, options: new Map(), fault: undefined, warnings: [] }
    sections.push(begun)
    return begun
  }
  const fail = (line: number, message: string) => {
    section ??= begin('', line)
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
    // Whatever else is wrong with it, a line that begins so is none of the section before it.
    if (trimmed.startsWith('[')) {
      const name = /^\[(.*?)\]\s*(?:[#;].*)?$/.exec(trimmed)?.[1]
      const first = name === undefined ? undefined : sections.find((each) => each.name === name)
      section = first ?? begin(name ?? '', line)
      if (name === undefined) fail(line, 'The line is no [section], option = value, or comment')
      else if (!/^[A-Za-z0-9_.:-]+$/.test(name)) fail(line, `[${name}] is no name of a section`)
      if (first !== undefined) {
        first.warnings.push({ line, message: `the section [${name}] is here twice: both are one, as for dnf` })
      }
      current = undefined
      continue
    }
    current = optionOf(trimmed, { line, section, fail })
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
  if (section.options.has(key)) {
    section.warnings.push({ line, message: `${key} is in [${section.name}] twice: the last counts, as for dnf` })
  }
  const option = { value: match[2] ?? '', line }
  section.options.set(key, option)
  return option
}
