/**
 * `repomd.xml`: what a repository says about its indices. Only primary and filelists count, as XML; sqlite, zchunk,
 * modules and groups are ignored. An index without a checksum that counts, or with a location outside the repository, is
 * refused.
 */
import type { Compression } from '../open/decompress.ts'
import { CHECKSUM_KINDS, type ChecksumKind, isChecksum, NO_CHECKSUM } from '../format/checksums.ts'
import { FetchError } from '../format/error.ts'
import { type Location, locationIn, NOWHERE, placeAt } from './locations.ts'
import { parseXml } from './xml.ts'

/** How an index can be had. */
export interface RepomdFile {
  path: string
  compression: Compression
  checksum: Checksum
  size: number | undefined
  /** Bytes that it unpacks to, when the repository says. */
  openSize: number | undefined
}

export interface Checksum {
  algorithm: ChecksumKind
  /** Lower-case hex. */
  hex: string
}

export interface Repomd {
  /** Unix seconds of the newest index. */
  date: number
  primary: RepomdFile
  /** A repository of packages without files has none. */
  filelists: RepomdFile | undefined
}

const MAX_ELEMENTS = 100_000
/** Those that dnf reads. */
const ENDINGS: [string, Compression][] = [
  ['.gz', 'gz'],
  ['.xz', 'xz'],
  ['.zst', 'zst'],
  ['.bz2', 'bz2'],
  ['.lzma', 'lzma'],
  ['.xml', 'none'],
]

interface Data {
  type: string
  texts: Map<string, string>
  checksums: Map<string, string>
  location: Location
}

/** Reads a text from `mirror` whose signature, where one is wanted, was verified. Throws FetchError 'malformed'. */
export async function parseRepomd(bytes: Uint8Array, mirror: string): Promise<Repomd> {
  const found: Data[] = []
  let current: Data | undefined
  let checksumType = ''
  let elements = 0
  const handlers = {
    open(name: string, attributes: Record<string, string>) {
      if (++elements > MAX_ELEMENTS) throw malformed(`has more than ${MAX_ELEMENTS} elements`)
      if (name === 'data') {
        const type = attributes.type ?? ''
        current = { type, texts: new Map(), checksums: new Map(), location: NOWHERE }
        found.push(current)
      }
      if (name === 'checksum') checksumType = (attributes.type ?? '').toLowerCase()
      if (name === 'location' && current !== undefined) {
        current.location = locationIn(attributes)
      }
    },
    close(name: string, text: string) {
      if (name === 'data') current = undefined
      else if (name === 'checksum') current?.checksums.set(checksumType, text.trim().toLowerCase())
      else current?.texts.set(name, text.trim())
    },
  }
  async function* once() {
    yield bytes
  }
  for await (const _ of parseXml(once(), { what: 'repomd.xml', handlers }));
  const primary = found.find(({ type }) => type === 'primary')
  if (primary === undefined) throw malformed('names no primary index')
  const filelists = found.find(({ type }) => type === 'filelists')
  return {
    date: Math.max(0, ...found.map(({ texts }) => Math.floor(numberOf(texts.get('timestamp')) ?? 0))),
    primary: fileOf(primary, mirror),
    filelists: filelists === undefined ? undefined : fileOf(filelists, mirror),
  }
}

function fileOf({ type, texts, checksums, location }: Data, mirror: string): RepomdFile {
  const found = placeAt(location, { mirrors: [mirror] })
  if ('fault' in found) throw malformed(`has a ${type} index whose location ${found.fault}`)
  const compression = ENDINGS.find(([ending]) => found.place.endsWith(ending))?.[1]
  if (compression === undefined) {
    const forms = ENDINGS.map(([ending]) => ending).join(', ')
    throw malformed(`has its ${type} index as ${found.place.slice(-200)}: of the forms ${forms} it is none`)
  }
  const checksum = checksumOf(checksums)
  if (checksum === undefined) {
    const others = [...checksums.keys()].map((kind) => kind.slice(0, 20)).join(', ')
    throw malformed(`has ${NO_CHECKSUM} of its ${type} index${others === '' ? '' : `, but ${others}`}`)
  }
  return {
    path: found.place,
    compression,
    checksum,
    size: numberOf(texts.get('size')),
    openSize: numberOf(texts.get('open-size')),
  }
}

/** The better of the checksums that a metalink or repomd.xml has of one file; undefined when none is good enough. */
export function checksumOf(checksums: Map<string, string>): Checksum | undefined {
  for (const algorithm of CHECKSUM_KINDS) {
    const hex = checksums.get(algorithm)
    if (hex !== undefined && isChecksum(hex, algorithm)) return { algorithm, hex }
  }
  return undefined
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^[0-9]{1,15}(\.[0-9]{1,9})?$/.test(text) ? Number(text) : undefined
}

function malformed(what: string): FetchError {
  return new FetchError('malformed', `repomd.xml ${what}`)
}
