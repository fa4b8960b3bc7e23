/**
 * apt's one-line style (`deb [arch=amd64] http://host/debian bookworm main`), which is not read here: a key, a proxy and a
 * release have no place in it. Owns how such a line is written as the stanza of a `.sources` file.
 */

/** Options in brackets, and the fields that they are in a stanza; others are called alike. */
const FIELDS: Record<string, string> = {
  'arch': 'Architectures',
  'lang': 'Languages',
  'target': 'Targets',
  'signed-by': 'Signed-By',
  'trusted': 'Trusted',
  'by-hash': 'By-Hash',
  'pdiffs': 'PDiffs',
  'check-valid-until': 'Check-Valid-Until',
  'check-date': 'Check-Date',
}

/** The line as fields; undefined: it is no such line. */
export function stanzaOfLine(line: string): string[] | undefined {
  const match = /^\s*(deb|deb-src)\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)([^#]*)/.exec(line)
  const [, type = '', options = '', uri = '', suite = '', components = ''] = match ?? []
  // The name of a disc has spaces in brackets, and no disc is mirrored.
  if (match === null || !uri.includes(':') || uri.startsWith('cdrom:')) return undefined
  const words = options.split(/\s+/).filter((word) => word.includes('=')).map((word) => {
    const [name = '', ...value] = word.split('=')
    const [, bare = name, sign = ''] = /^(.*?)([+-]?)$/.exec(name) ?? []
    const change = { '+': '-Add', '-': '-Remove' }[sign] ?? ''
    return `${FIELDS[bare] ?? bare}${change}: ${value.join('=').replaceAll(',', ' ')}`
  })
  const rest = components.trim() === '' ? [] : [`Components: ${components.trim().replace(/\s+/g, ' ')}`]
  return [`Types: ${type}`, `URIs: ${uri}`, `Suites: ${suite}`, ...rest, ...words]
}

/** What is said of a line of this style, as the end of a sentence that begins with its place. */
export function adviceOnLine(stanza: string[]): string {
  return `apt's one-line style is not read here; write it into a .sources file as:\n${stanza.join('\n')}`
}

/** Warnings about the lines of a `.list` file, which stand for repositories that are not mirrored. */
export function adviceOnList(file: string, text: string): string[] {
  const found = text.split('\n').flatMap((line, at) => {
    const stanza = stanzaOfLine(line)
    return stanza === undefined ? [] : [`${file}:${at + 1}: ${adviceOnLine(stanza)}`]
  })
  return found.length > 0 ? found : [`${file} is not read: files of apt's one-line style are not, only .sources files`]
}
