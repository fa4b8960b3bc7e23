/**
 * Where a repository can be had: its own addresses, then those of its metalink or mirrorlist. Also judges a repomd.xml
 * by the hashes of a metalink. Addresses that cannot be fetched, such as rsync mirrors, are skipped, and so are files
 * of this machine in a list that came from another one.
 */
import { NO_CHECKSUM } from '../format/checksums.ts'
import { count } from '../../text/count.ts'
import { FetchError } from '../format/error.ts'
import { type Checksum, checksumOf } from './repomd.ts'
import { expandedLine, type VariableValues } from './variables.ts'
import { parseXml } from './xml.ts'

const MAX_MIRRORS = 500
const MAX_ALTERNATES = 50

export interface MirrorList {
  /** Base addresses with a slash at their ends, the best first. */
  mirrors: string[]
  /** Of the newest repomd.xml, then of older ones that mirrors may still have; empty when the list has none. */
  checksums: Checksum[]
  /** Variables without a value, for which lines were passed over. */
  unknown: string[]
}

/** A list of mirrors: the address that it is from, and what the variables in its lines stand for. */
interface ListContext {
  readonly address: string
  readonly variables: VariableValues
}

/** A mirrorlist: an address a line. */
export function parseMirrorlist(text: string, { address, variables }: ListContext): MirrorList {
  const lines = text.split('\n').map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'))
  const { texts, unknown } = expandAll(lines, variables)
  const mirrors = texts.filter((line) => isMirrorOf(address, line)).slice(0, MAX_MIRRORS)
    .map((line) => line.endsWith('/') ? line : `${line}/`)
  if (mirrors.length === 0) throw noMirror('mirrorlist', { lines: lines.length, unknown })
  return { mirrors, checksums: [], unknown }
}

function expandAll(lines: string[], variables: VariableValues): { texts: string[]; unknown: string[] } {
  const expanded = lines.map((line) => expandedLine(line, variables))
  return {
    texts: expanded.flatMap((line) => 'text' in line ? [line.text] : []),
    unknown: [...new Set(expanded.flatMap((line) => 'unknown' in line ? [line.unknown] : []))].slice(0, 10),
  }
}

function noMirror(what: string, { lines, unknown }: { lines: number; unknown: string[] }): FetchError {
  const why = unknown.length > 0
    ? `: ${adviceOnUnknown(unknown)}`
    : lines > 0
    ? ` that can be asked: of ${count(lines, 'line')} none is a whole address of https:// or http://`
    : ''
  return new FetchError('malformed', `The ${what} names no mirror${why}`)
}

/** What to do about variables without a value, as a sentence without its end. */
export function adviceOnUnknown(unknown: readonly string[]): string {
  const names = unknown.map((variable) => variable.slice(1))
  return `lines have ${unknown.join(', ')}, not known here: say ${
    unknown.length === 1 ? 'its value' : 'their values'
  }, ` +
    `like retrace_vars=${names.map((name) => `${name}=VALUE`).join(' ')}`
}

function isMirrorOf(list: string, url: string): boolean {
  return (/^https?:\/\//.test(url) || (url.startsWith('file://') && list.startsWith('file:'))) && URL.canParse(url)
}

/**
 * A metalink 3.0, as MirrorManager makes it: `url` elements of repomd.xml by preference, and its hashes.
 */
export async function parseMetalink(bytes: Uint8Array, { address, variables }: ListContext): Promise<MirrorList> {
  const urls: { url: string; preference: number }[] = []
  const unknown = new Set<string>()
  const versions: Map<string, string>[] = []
  let isRepomd = false
  let attributes: Record<string, string> = {}
  const handlers = {
    open(name: string, found: Record<string, string>) {
      attributes = found
      if (name === 'file') {
        isRepomd = found.name === 'repomd.xml'
        if (isRepomd) versions.push(new Map())
      }
      if (name === 'mm0:alternate' && isRepomd && versions.length < MAX_ALTERNATES) versions.push(new Map())
    },
    close(name: string, text: string) {
      if (!isRepomd) return
      if (name === 'hash') versions.at(-1)?.set((attributes.type ?? '').toLowerCase(), text.trim().toLowerCase())
      if (name === 'url' && urls.length < MAX_MIRRORS) {
        const line = expandedLine(text.trim(), variables)
        if ('text' in line) urls.push({ url: line.text, preference: Number(attributes.preference) || 0 })
        else if (unknown.size < 10) unknown.add(line.unknown)
      }
    },
  }
  async function* once() {
    yield bytes
  }
  for await (const _ of parseXml(once(), { what: 'The metalink', handlers }));
  const mirrors = urls.filter(({ url }) => url.endsWith('/repodata/repomd.xml') && isMirrorOf(address, url))
    .sort((a, b) => b.preference - a.preference)
    .map(({ url }) => url.slice(0, -'repodata/repomd.xml'.length))
  const checksums = versions.map(checksumOf).filter((checksum) => checksum !== undefined)
  if (mirrors.length === 0) throw noMirror('metalink', { lines: urls.length, unknown: [...unknown] })
  if (checksums.length === 0) throw new FetchError('malformed', `The metalink has ${NO_CHECKSUM} of repomd.xml`)
  return { mirrors, checksums, unknown: [...unknown] }
}
