/**
 * Release ids, `debian-12-amd64`: from what a system's release file, PRETTY_NAME or /etc/os-release says, and from ids
 * in any spelling. The architecture is the distribution's own name for it (docs/http.md, 'For the ABRT client'). This
 * is about spelling only: whether such a release is indexed here, the database knows.
 */
import { architectureNamed, architectureRow } from '../../elf/architecture.ts'
import { isOfDebianFamily, rollingRelease } from './codenames.ts'

/** Distributions whose release is `major.minor`; of all others the major number is the release. */
const WITH_MINOR = new Set(['ubuntu', 'opensuse-leap', 'linuxmint', 'pop', 'neon', 'astra', 'alpine'])

/** Names in release files that are not the first word in lower case (ID of os-release(5)); the first match counts. */
const DISTRIBUTIONS: [RegExp, string][] = [
  [/^red hat enterprise linux|^rhel\b/, 'rhel'],
  [/^red hat linux/, 'redhat'],
  [/^centos/, 'centos'],
  [/^fedora/, 'fedora'],
  [/^debian/, 'debian'],
  [/^ubuntu/, 'ubuntu'],
  [/^rocky/, 'rocky'],
  [/^almalinux/, 'almalinux'],
  [/^oracle linux/, 'ol'],
  [/^amazon linux/, 'amzn'],
  [/^scientific linux/, 'scientific'],
  [/^opensuse leap/, 'opensuse-leap'],
  [/^opensuse tumbleweed/, 'opensuse-tumbleweed'],
  [/^linux mint/, 'linuxmint'],
  [/^pop!_os/, 'pop'],
  [/^kde neon/, 'neon'],
]

/**
 * The id with architecture of a release file's text, an os-release text, or an id with or without architecture.
 * `architecture` (any spelling) wins over the id's own: it comes from the core. Undefined when the text names no
 * release, or when neither names an architecture.
 */
export function releaseId(text: string, architecture: string | undefined): string | undefined {
  const named = releaseName(text)
  if (named === undefined) return undefined
  const canonical = (architecture === undefined ? undefined : architectureNamed(architecture)) ??
    (named.architecture === undefined ? undefined : architectureNamed(named.architecture))
  if (canonical === undefined) return undefined
  return `${named.release}-${ownArchitectureName(named.release, canonical)}`
}

/**
 * What is wrong with a release that a repository's configuration names (`fedora-40`), as the end of a sentence that
 * begins with its key; undefined: nothing.
 */
export function faultOfConfigured(release: string): string | undefined {
  if (!/^[a-z][a-z0-9._]*(-[a-z0-9._]+)*$/.test(release)) {
    return 'is a release id without architecture, like debian-12 or fedora-40'
  }
  const dash = release.lastIndexOf('-')
  const isWithArchitecture = dash > 0 && architectureNamed(release.slice(dash + 1)) !== undefined
  return isWithArchitecture ? `has no architecture: leave ${release.slice(dash)} away` : undefined
}

/** The id without architecture, and the architecture when the text was an id that named one. */
export function releaseName(text: string): { release: string; architecture: string | undefined } | undefined {
  const line = text.trim().slice(0, 10_000)
  if (/^[A-Z_]+=/m.test(line)) return withoutArchitecture(fromOsRelease(line))
  if (/^[a-z][a-z0-9._-]*$/.test(line) && line.includes('-')) return fromId(line)
  return withoutArchitecture(fromReleaseFile(line.split('\n', 1)[0] ?? ''))
}

function withoutArchitecture(release: string | undefined) {
  return release === undefined ? undefined : { release, architecture: undefined }
}

/** `fedora-40-x86_64` and `debian-12` alike. `i386` and `riscv64` hold no dash, so the last field decides. */
function fromId(id: string): { release: string; architecture: string | undefined } {
  const dash = id.lastIndexOf('-')
  const tail = id.slice(dash + 1)
  if (architectureNamed(tail) !== undefined && id.indexOf('-') !== dash) {
    return { release: id.slice(0, dash), architecture: tail }
  }
  return { release: id, architecture: undefined }
}

/** The distribution's own name of an architecture, e.g. `x86_64` for `fedora-40`. */
function ownArchitectureName(release: string, architecture: string): string {
  const canonical = architectureNamed(architecture)
  if (canonical === undefined) return architecture
  return isOfDebianFamily(release.split('-', 1)[0] ?? '') ? canonical : architectureRow(canonical).basearch
}

function fromOsRelease(text: string): string | undefined {
  const fields = new Map<string, string>()
  for (const line of text.split('\n').slice(0, 200)) {
    const match = /^\s*([A-Z0-9_]+)=(.*?)\s*$/.exec(line)
    if (match?.[1] !== undefined) fields.set(match[1], (match[2] ?? '').replace(/^(["'])(.*)\1$/, '$2'))
  }
  const id = fields.get('ID')?.toLowerCase()
  if (id === undefined || !/^[a-z0-9._-]+$/.test(id)) {
    const pretty = fields.get('PRETTY_NAME')
    return pretty === undefined ? undefined : fromReleaseFile(pretty)
  }
  if (isRawhide([...fields.values()].join(' '))) return `${id}-rawhide`
  const rolling = rollingRelease(id)
  if (rolling !== undefined) return rolling
  const version = fields.get('VERSION_ID')
  if (version) return `${id}-${significantVersion(id, version)}`
  if (fields.get('PRETTY_NAME')?.endsWith('/sid')) return `${id}-sid`
  const codename = fields.get('VERSION_CODENAME')?.toLowerCase()
  return codename ? `${id}-${codename}` : id
}

function fromReleaseFile(line: string): string | undefined {
  const lower = line.toLowerCase()
  const id = DISTRIBUTIONS.find(([pattern]) => pattern.test(lower))?.[1] ?? /^[a-z][a-z0-9]*/.exec(lower)?.[0]
  if (id === undefined) return undefined
  if (isRawhide(lower)) return `${id}-rawhide`
  const rolling = rollingRelease(id)
  if (rolling !== undefined) return rolling
  const version = /(?:^|\s)v?([0-9]+(?:\.[0-9]+)*)/.exec(lower)?.[1]
  if (version !== undefined) return `${id}-${significantVersion(id, version)}`
  if (/\/sid\b/.test(lower)) return `${id}-sid`
  const codename = /\(([a-z]+)\)/.exec(lower)?.[1]
  return codename === undefined ? undefined : `${id}-${codename}`
}

function isRawhide(text: string): boolean {
  return /\brawhide\b/i.test(text)
}

function significantVersion(id: string, version: string): string {
  // Astra's is `1.7_x86-64`.
  const parts = version.replace(/_.*$/, '').split('.')
  return parts.slice(0, WITH_MINOR.has(id) ? 2 : 1).join('.')
}

/** A release id without architecture and Debian's name of one: the id with the distribution's own name. */
export function releaseIdOf(release: string, architecture: string): string {
  return `${release}-${ownArchitectureName(release, architecture)}`
}

/** A distribution (ID of os-release(5)) and its whole version: the id of the release; undefined without a version. */
export function releaseOfVersion(distribution: string, version: string | undefined): string | undefined {
  return version === undefined ? undefined : `${distribution}-${significantVersion(distribution, version)}`
}

/** Whether two ids with architecture are of one release and machine, whosever names of architectures they have. */
export function isSameRelease(a: string, b: string): boolean {
  const [left, right] = [a, b].map((id) => {
    const dash = id.lastIndexOf('-')
    return { release: id.slice(0, dash), architecture: architectureNamed(id.slice(dash + 1)) ?? id.slice(dash + 1) }
  })
  return left?.release === right?.release && left?.architecture === right?.architecture
}
