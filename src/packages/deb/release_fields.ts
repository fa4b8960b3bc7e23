/**
 * The fields of a Release file, read as apt reads them: the last of two counts, lines end in any number of CRs, and what
 * is no field is passed over. Configuration is read by `deb822.ts`, which refuses all that.
 */

/** Values by names in lower case; continuation lines follow each other with a newline. `unread`: lines that are none. */
export function releaseFields(text: string): { fields: Map<string, string>; unread: string[] } {
  const unread: string[] = []
  const fields = new Map<string, string>()
  let current: string | undefined
  for (const line of text.replace(/^\ufeff/, '').split(/\r*\n/)) {
    if (line.startsWith('#')) continue
    if (/^\r*$/.test(line)) {
      if (fields.size > 0) break
    } else if (/^[ \t]/.test(line)) {
      if (current === undefined) unread.push(line.trim())
      else fields.set(current, `${fields.get(current)}\n${line.trim()}`)
    } else {
      const colon = line.indexOf(':')
      if (colon < 0) unread.push(line.trim())
      current = colon < 0 ? undefined : line.slice(0, colon).trim().toLowerCase()
      if (current !== undefined) fields.set(current, line.slice(colon + 1).trim())
    }
  }
  return { fields, unread }
}

/** The words of a field; none when it is not there. */
export function wordsOf(fields: ReadonlyMap<string, string>, name: string): string[] {
  return (fields.get(name) ?? '').split(/\s+/).filter((word) => word !== '')
}
