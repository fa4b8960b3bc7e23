/**
 * Lists of mirrors as apt reads them (apt-transport-mirror(1)): an address a line, with limits and a priority behind it.
 * Files of this machine count only in a list of this machine. Owns the order: by priority, then as the list has them.
 */
import { readFile } from 'node:fs/promises'
import { count } from '../../text/count.ts'
import { MIB } from '../../units/bytes.ts'
import { FetchError } from '../format/error.ts'
import { addressBelow } from '../format/place.ts'
import type { RepositorySpec } from '../format/repository_spec.ts'
import type { SyncContext } from '../format/sync_context.ts'
import { decompressed } from '../open/decompress.ts'
import { readFreshDocument, readKeptDocument } from '../transfer/documents.ts'
import { assertNoHtml } from '../verify/html.ts'
import { optionsOf } from './options.ts'
import { COMPRESSIONS } from './release_file.ts'

const MAX_MIRRORS = 500
const MAX_LIST = 8 * MIB

export interface Mirror {
  /** With a slash at its end. */
  address: string
  /** Values by their keys: `arch`, `type`, `component`, `suite`, `codename`, `lang`. */
  limits: ReadonlyMap<string, readonly string[]>
  priority: number
}

/** What is known of a file that is wanted; a limit on something else lets it pass. */
export type Wanted = Readonly<Partial<Record<'arch' | 'type' | 'component' | 'suite', string>>>

/** Throws FetchError 'malformed' for a list without a mirror that can be asked. */
export function parseMirrors(text: string, list: string): Mirror[] {
  const lines = text.split('\n').map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'))
  const mirrors = lines.flatMap((line) => mirrorOf(line, list) ?? []).slice(0, MAX_MIRRORS)
  if (mirrors.length > 0) return mirrors.sort((a, b) => a.priority - b.priority)
  const why = lines.length === 0
    ? ''
    : ` that can be asked: of ${count(lines.length, 'line')} none is an address of https:// or http://`
  throw new FetchError('malformed', `The list of mirrors names none${why}`)
}

function mirrorOf(line: string, list: string): Mirror | undefined {
  const [text = '', ...words] = line.split(/[\t ]+/)
  const address = text.replace(/^copy:/, 'file:')
  if (!URL.canParse(address) || address.includes('#')) return undefined
  const { protocol } = new URL(address)
  if (!/^https?:$/.test(protocol) && !(protocol === 'file:' && list.startsWith('file:'))) return undefined
  const limits = new Map<string, string[]>()
  for (const word of words) {
    const [, key, value] = /^([a-z-]+):(.+)$/.exec(word) ?? []
    if (key === undefined || value === undefined) continue
    const values = limits.get(key)
    // A line of one key alone is no square of its length.
    if (values === undefined) limits.set(key, [value])
    else values.push(value)
  }
  const priority = limits.get('priority')?.[0]
  return {
    address: address.endsWith('/') ? address : `${address}/`,
    limits,
    priority: priority !== undefined && /^[0-9]{1,9}$/.test(priority) ? Number(priority) : Infinity,
  }
}

/** Addresses of those that have a file of this kind. */
export function mirrorsFor(mirrors: readonly Mirror[], wanted: Wanted): string[] {
  const has = ({ limits }: Mirror) =>
    Object.entries(wanted).every(([key, value]) => limits.get(key)?.includes(value) ?? true)
  return mirrors.filter(has).map(({ address }) => address)
}

/** The mirrors of a repository: those of its list, or itself. A sync asks for the list anew. */
export async function mirrorsOf(
  repository: RepositorySpec,
  { isSync, context }: { isSync: boolean; context: SyncContext },
): Promise<Mirror[]> {
  const { uri: list } = repository
  if (optionsOf(repository).isMirrorList !== true) return [{ address: list, limits: new Map(), priority: 0 }]
  const read = async (file: string) => parseMirrors(await textOf(file, { list, context }), list)
  const mirrors = await (isSync ? readFreshDocument : readKeptDocument)(list, { context, read })
  // Only a list of this machine names such.
  for (const { address } of mirrors) if (address.startsWith('file:')) context.owns(address)
  return mirrors
}

/** By the end of its name it may be compressed. */
async function textOf(file: string, { list, context }: { list: string; context: SyncContext }): Promise<string> {
  const { pathname } = new URL(list)
  const compression = COMPRESSIONS.find(([ending]) => ending !== '' && pathname.endsWith(ending))?.[1]
  if (compression === undefined) {
    const bytes = await readFile(file)
    assertNoHtml(bytes, 'The list of mirrors')
    return bytes.toString('utf8')
  }
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of decompressed(file, { compression, maxSize: MAX_LIST, signal: context.signal })) {
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

/** Where a package can be had, the best first. */
export async function addressesOf(repository: RepositorySpec, path: string, context: SyncContext): Promise<string[]> {
  const mirrors = await mirrorsOf(repository, { isSync: false, context })
  return mirrorsFor(mirrors, { type: 'deb' }).map((mirror) => addressBelow(mirror, path))
}
