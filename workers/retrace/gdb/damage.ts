/**
 * What gdb says of debuginfo that it cannot read, or that leans on files which are not here. Pure. Owns the reading of
 * gdb's words; which module a file belongs to is for others to know.
 */

export interface Complaint {
  /** The file that gdb names, by its path inside the sandbox. */
  readonly file: string | undefined
  /** `prog.dwo`: where the compiler put what the debuginfo leans on (DWARF 5, chapter 7.3.2, 'Split DWARF'). */
  readonly splitFile: string | undefined
  /** In one line. */
  readonly text: string
}

const IN_MODULE = /\[in module ([^\]]+)\]/
/** Of a section, above all one that does not unpack: gdb goes on as if the file had none. */
const IN_FILE = [
  /^(Can't read data for section '[^']*') in file '(.+)'$/,
  /^(?:BFD: )?()(.+): unable to (?:decompress|get decompressed) section/,
]
const SPLIT = /Could not find DWO [CT]U (.+)\(0x[0-9a-f]+\)/
const ERROR = /^(?:Dwarf|DWARF) Error/
/** What DWARF is called in gdb's messages; and failed assertions, most of which are over DWARF that nobody foresaw. */
const DWARF = /[Dd]warf|DWARF|\bDW_[A-Z]+_\w+|\babbrev|\.z?debug_\w+|\bDWO\b|\bDIE\b|internal.error/

/** Whether words of gdb are about debuginfo that cannot be read. */
export function isOfDamage(text: string): boolean {
  return DWARF.test(text)
}

/** What a line says about debuginfo; undefined when it says nothing of it. */
export function readComplaint(line: string): Complaint | undefined {
  const text = line.replace(/^(warning|During symbol reading): */, '')
  for (const pattern of IN_FILE) {
    const [, said, file] = pattern.exec(text) ?? []
    if (file !== undefined) {
      return { file, splitFile: undefined, text: said || text.slice(text.indexOf(file) + file.length + 2) }
    }
  }
  const file = IN_MODULE.exec(text)?.[1]
  const splitFile = SPLIT.exec(text)?.[1]
  if (file === undefined && !ERROR.test(text)) return undefined
  return { file, splitFile, text: text.replace(IN_MODULE, '').trim() }
}
