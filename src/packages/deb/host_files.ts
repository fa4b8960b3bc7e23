/**
 * apt's own files as `.sources` for RETRACE_REPOS_D. A suite of the distribution names its release itself; what others
 * offer for it is of this machine's release, which their Release files do not say.
 */
import type { Host, HostFile, HostRepositories } from '../format/host.ts'
import { stanzaOfLine } from './one_line.ts'

export const hostRepositories: HostRepositories = {
  places: ['apt/sources.list', 'apt/sources.list.d', 'apt/auth.conf', 'apt/auth.conf.d'],
  filesFrom(files, host) {
    const sources = files.flatMap((file) => /\.(list|sources)$/.test(file.name) ? fileFrom(file, host) : [])
    return sources.length === 0 ? [] : [...sources, ...passwordsFrom(files)]
  },
}

/** Names and passwords, which apt_auth.conf(5) has in files of their own: without them a sync is refused what apt gets. */
function passwordsFrom(files: readonly HostFile[]): HostFile[] {
  const texts = files.flatMap(({ name, text }) =>
    name.endsWith('.conf') && /^\s*machine\s/m.test(text) ? [text.trim()] : []
  )
  if (texts.length === 0) return []
  const origin =
    "# Made from apt's auth.conf by abrt-retrace-server --init. A password that changes there has to be changed here."
  return [{ isPrivate: true, name: 'auth.conf', text: `${origin}\n${texts.join('\n')}\n` }]
}

function fileFrom({ name, text, ...rights }: HostFile, { id, release }: Host): HostFile[] {
  const isOwn = /^sources\.(list|sources)$|^official-/.test(name) || name.startsWith(`${id}.`)
  const stanzas = (name.endsWith('.list') ? stanzasOfList(text) : stanzasOf(text))
    .filter((stanza) => !/^URIs:\s*cdrom:/mi.test(stanza) && /^Types:.*\bdeb\b(?!-src)/mi.test(stanza))
    .map((stanza) => isOwn || release === undefined ? stanza : withField(stanza, 'X-Retrace-Release', release))
  if (stanzas.length === 0) return []
  const origin = `# Made from apt's ${name} by abrt-retrace-server --init. It is yours to edit: abrt-retrace-repos(5).`
  return [{
    ...rights,
    name: name.replace(/\.(list|sources)$/, '.sources'),
    text: `${origin}\n${stanzas.join('\n\n')}\n`,
  }]
}

function stanzasOf(text: string): string[] {
  return text.replaceAll('\r', '').split(/\n\n/).map((stanza) => stanza.trim()).filter((stanza) => /^\w/m.test(stanza))
}

function stanzasOfList(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    const stanza = stanzaOfLine(line)
    return stanza === undefined || !stanza.includes('Types: deb') ? [] : [stanza.join('\n')]
  })
}

function withField(stanza: string, field: string, value: string): string {
  return new RegExp(`^${field}:`, 'mi').test(stanza) ? stanza : `${stanza}\n${field}: ${value}`
}
