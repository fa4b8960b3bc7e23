/**
 * dnf's own files for RETRACE_REPOS_D: each section with this machine's release. Sections of debuginfo, which are shipped
 * disabled, are enabled where what they belong to is.
 */
import type { Host, HostFile, HostRepositories } from '../format/host.ts'

export const hostRepositories: HostRepositories = {
  places: ['yum.repos.d'],
  filesFrom: (files, host) => host.release === undefined ? [] : files.flatMap((file) => fileFrom(file, host)),
}

function fileFrom({ name, text, ...rights }: HostFile, { release = '', version, machine }: Host): HostFile[] {
  const sections = text.split(/^(?=\[)/m).filter((section) => nameOf(section) !== '')
  if (!name.endsWith('.repo') || sections.length === 0) return []
  const enabled = new Set(sections.filter((section) => !isDisabled(section)).map(nameOf))
  const keys = { release, releasever: version, architectures: machine }
  const made = sections.map((section) => {
    const base = nameOf(section).replace(/[-_]debug(info)?(?=$|-)/, '')
    const isWanted = base !== nameOf(section) && enabled.has(base)
    const switched = isWanted ? section.replace(/^enabled\s*=.*$/m, 'enabled=1') : section
    const missing = Object.entries(keys).filter(([key]) => !new RegExp(`^retrace_${key}\\s*=`, 'm').test(section))
    return `${switched.trimEnd()}\n${missing.map(([key, value]) => `retrace_${key}=${value}\n`).join('')}`
  })
  const origin = `# Made from dnf's ${name} by abrt-retrace-server --init. It is yours to edit: abrt-retrace-repos(5).`
  return [{ ...rights, name, text: `${origin}\n${made.join('\n')}` }]
}

function nameOf(section: string): string {
  return /^\[([^\]]+)\]/.exec(section)?.[1] ?? ''
}

function isDisabled(section: string): boolean {
  return /^enabled\s*=\s*(0|no|false|off)\s*$/mi.test(section)
}
