/**
 * Debian's Release file, once its signature was verified: when it was made, until when it counts, which components and
 * architectures there are, and the checksums of every index. Owns the choice of the files to download for an index;
 * refuses one without a checksum that counts, and names that lead out of the suite.
 */
import type { Compression } from '../open/decompress.ts'
import { type Checksums, checksumsIn, NO_DEBIAN_CHECKSUM } from '../format/checksums.ts'
import { FetchError } from '../format/error.ts'
import { faultOfPlace, placeOf } from '../format/place.ts'
import { releaseFields, wordsOf } from './release_fields.ts'

export interface ReleaseFile {
  origin: string | undefined
  suite: string | undefined
  codename: string | undefined
  version: string | undefined
  /** Unix seconds; 0: it does not say. */
  date: number
  validUntil: number | undefined
  acquireByHash: boolean
  /** Undefined: it does not say. */
  components: string[] | undefined
  architectures: string[] | undefined
  /** Whether `binary-ARCH/Packages` holds the packages of architecture `all` too. */
  allIsIncluded: boolean
  /** Whether `Contents-all` counts beside `Contents-ARCH`: apt's rule. */
  hasContentsOfAll: boolean
  /** Lines that cannot be read, as they are written. */
  unread: string[]
  files: Map<string, { checksums: Checksums; size: number }>
}

/** How an index can be had: the name in the Release file, and the program or library that opens it. */
export interface IndexForm {
  name: string
  compression: Compression
  checksums: Checksums
  size: number
}

/** Ends of names by what they cost; gz is opened in this process, on another thread. */
export const COMPRESSIONS = [
  ['.xz', 'xz'],
  ['.zst', 'zst'],
  ['.gz', 'gz'],
  ['.bz2', 'bz2'],
  ['.lzma', 'lzma'],
  ['.lz4', 'lz4'],
  ['', 'none'],
] as const

const MAX_FILES = 100_000

/** Parses verified text. Throws FetchError 'malformed' with what is missing. */
export function parseRelease(text: string): ReleaseFile {
  const { fields, unread } = releaseFields(text)
  const files = filesIn(fields, unread)
  if (files.size === 0) throw malformed(`has ${NO_DEBIAN_CHECKSUM} of its indices`)
  const validUntil = fields.get('valid-until')
  if (validUntil !== undefined && timeOf(validUntil) === undefined) throw malformed('has an unreadable Valid-Until')
  const architectures = listOf(fields, 'architectures')
  return {
    origin: fields.get('origin'),
    suite: fields.get('suite'),
    codename: fields.get('codename'),
    version: fields.get('version'),
    date: timeOf(fields.get('date')) ?? 0,
    validUntil: timeOf(validUntil),
    acquireByHash: /^(yes|true|with|on|enable|1)$/i.test(fields.get('acquire-by-hash') ?? ''),
    components: listOf(fields, 'components'),
    architectures,
    allIsIncluded: architectures?.includes('all') === false ||
      wordsOf(fields, 'no-support-for-architecture-all').includes('Packages'),
    hasContentsOfAll: architectures?.includes('all') !== false &&
      !wordsOf(fields, 'no-support-for-architecture-all').some((word) => /^contents\b/i.test(word)),
    files,
    unread,
  }
}

function malformed(what: string): FetchError {
  return new FetchError('malformed', `The Release file ${what}`)
}

function listOf(fields: ReadonlyMap<string, string>, name: string): string[] | undefined {
  const words = wordsOf(fields, name)
  return words.length === 0 ? undefined : words
}

/** Adds to `unread` what is no line of a checksum. */
function filesIn(fields: ReadonlyMap<string, string>, unread: string[]): ReleaseFile['files'] {
  const files: ReleaseFile['files'] = new Map()
  for (const kind of ['sha512', 'sha256'] as const) {
    for (const line of (fields.get(kind) ?? '').split('\n')) {
      const [, hex = '', size, name = ''] = /^(\S+)\s+(\d{1,15})\s+(\S+)/.exec(line.trim()) ?? []
      const checksums = checksumsIn({ [kind]: hex })
      if (checksums[kind] === undefined || faultOfPlace(name) !== undefined) {
        if (line.trim() !== '') unread.push(line.trim())
        continue
      }
      if (files.size >= MAX_FILES) throw malformed(`names more than ${MAX_FILES} files`)
      const place = placeOf(name)
      files.set(place, { checksums: { ...files.get(place)?.checksums, ...checksums }, size: Number(size) })
    }
  }
  return files
}

function timeOf(text: string | undefined): number | undefined {
  const milliseconds = Date.parse(text ?? '')
  return Number.isNaN(milliseconds) ? undefined : Math.floor(milliseconds / 1000)
}

/**
 * The forms of an index, e.g. `main/binary-amd64/Packages`, the smallest first; none when the suite has no such index.
 * The names of uncompressed indices stand in Release files without being on the server: they come last.
 */
export function indexForms(release: ReleaseFile, name: string): IndexForm[] {
  const forms: IndexForm[] = []
  for (const [ending, compression] of COMPRESSIONS) {
    const found = release.files.get(name + ending)
    if (found !== undefined) forms.push({ name: name + ending, compression, ...found })
  }
  const rank = ({ compression, size }: IndexForm) => compression === 'none' ? Infinity : size
  return forms.sort((a, b) => rank(a) - rank(b))
}
