/**
 * Debian's Release file, once its signature was verified: which release, when, until when, and the SHA256 and size of
 * every index. Owns the choice of the file to download for an index; refuses one without SHA256 (MD5 and SHA1 are
 * not read at all), and names that lead out of the suite.
 */
import type { Compression } from '../open/decompress.ts'
import { FetchError } from '../format/error.ts'
import { parseStanzas, SyntaxFault } from './deb822.ts'

export interface ReleaseFile {
  /** Release id without architecture. */
  release: string
  date: number
  validUntil: number | undefined
  acquireByHash: boolean
  /** Whether `binary-ARCH/Packages` holds the packages of architecture `all` too. */
  allIsIncluded: boolean
  files: Map<string, { sha256: string; size: number }>
}

/** How an index can be had: the name in the Release file, and the program or library that opens it. */
export interface IndexFile {
  name: string
  compression: Compression
  sha256: string
  size: number
}

/** Ends of names by what they cost; gz is opened in this process, on another thread. */
const COMPRESSIONS = [['.xz', 'xz'], ['.zst', 'zst'], ['.gz', 'gz'], ['.bz2', 'bz2'], ['', 'none']] as const

const MAX_FILES = 100_000

/**
 * Parses verified text. Throws FetchError 'malformed' with what is missing; `needsRelease` is false where the
 * administrator named the release.
 */
export function parseRelease(text: string, { needsRelease = true } = {}): ReleaseFile {
  const fields = fieldsOf(text)
  const date = time(fields.get('date')?.value)
  if (date === undefined) throw malformed('has no readable Date')
  const sha256 = fields.get('sha256')?.value
  if (sha256 === undefined) throw malformed('has no SHA256 of its indices; MD5 and SHA1 alone are refused')
  const validUntil = fields.get('valid-until')?.value
  if (validUntil !== undefined && time(validUntil) === undefined) throw malformed('has an unreadable Valid-Until')
  const architectures = (fields.get('architectures')?.value ?? '').split(/\s+/)
  return {
    release: needsRelease
      ? releaseOf({
        origin: fields.get('origin')?.value,
        version: fields.get('version')?.value,
        codename: fields.get('codename')?.value ?? fields.get('suite')?.value,
      })
      : '',
    date,
    validUntil: time(validUntil),
    acquireByHash: fields.get('acquire-by-hash')?.value.toLowerCase() === 'yes',
    allIsIncluded: !architectures.includes('all') ||
      /\bPackages\b/.test(fields.get('no-support-for-architecture-all')?.value ?? ''),
    files: checksums(sha256),
  }
}

function fieldsOf(text: string) {
  try {
    return parseStanzas(text)[0]?.fields ?? new Map<string, never>()
  } catch (error) {
    if (error instanceof SyntaxFault) throw malformed(`cannot be read: line ${error.line}: ${error.message}`)
    throw error
  }
}

function malformed(what: string): FetchError {
  return new FetchError('malformed', `The Release file ${what}`)
}

/**
 * The id that a suite feeds: Origin's first word, and the number of Version, else the Codename. `bookworm-updates`
 * and `bookworm-security` feed bookworm's release.
 */
export function releaseOf(
  { origin, version, codename }: {
    origin: string | undefined
    version: string | undefined
    codename: string | undefined
  },
): string {
  const distribution = /^[a-z0-9]+/.exec((origin ?? '').trim().toLowerCase())?.[0]
  if (distribution === undefined) throw malformed('has no Origin: give the repository an X-Retrace-Release')
  const number = distribution === 'ubuntu'
    ? /^[0-9]+(\.[0-9]+)?/.exec(version ?? '')?.[0]
    : /^[0-9]+(?=[.-]|$)/.exec(version ?? '')?.[0]
  if (number !== undefined) return `${distribution}-${number}`
  const name = (codename ?? '').trim().toLowerCase()
    .replace(/(-(updates|security|backports|proposed-updates|proposed|debug|backports-sloppy))+$/, '')
  if (!/^[a-z][a-z0-9._]*$/.test(name)) {
    throw malformed('has neither Version nor Codename: give the repository an X-Retrace-Release')
  }
  return `${distribution}-${name}`
}

function checksums(text: string): ReleaseFile['files'] {
  const files: ReleaseFile['files'] = new Map()
  for (const line of text.split('\n')) {
    const match = /^([0-9a-fA-F]{64})\s+(\d{1,15})\s+(\S+)$/.exec(line.trim())
    if (match?.[1] === undefined || match[2] === undefined || match[3] === undefined) continue
    if (match[3].startsWith('/') || match[3].split('/').includes('..')) continue
    if (files.size >= MAX_FILES) throw malformed(`names more than ${MAX_FILES} files`)
    files.set(match[3], { sha256: match[1].toLowerCase(), size: Number(match[2]) })
  }
  return files
}

function time(text: string | undefined): number | undefined {
  const milliseconds = Date.parse(text ?? '')
  return Number.isNaN(milliseconds) ? undefined : Math.floor(milliseconds / 1000)
}

/**
 * The smallest form of an index, e.g. `main/binary-amd64/Packages`; undefined when the suite has none. The names of
 * uncompressed indices stand in Release files without being on the server: they come last.
 */
export function indexFile(release: ReleaseFile, name: string): IndexFile | undefined {
  const forms: IndexFile[] = []
  for (const [ending, compression] of COMPRESSIONS) {
    const found = release.files.get(name + ending)
    if (found !== undefined) forms.push({ name: name + ending, compression, ...found })
  }
  const compressed = forms.filter((form) => form.compression !== 'none').sort((a, b) => a.size - b.size)
  return compressed[0] ?? forms[0]
}
