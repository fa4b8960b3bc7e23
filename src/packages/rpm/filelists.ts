/**
 * `filelists.xml`: which package has which path, as XML that streams through (Fedora's unpacks to over a gigabyte).
 * Paths that are build-ids (`/usr/lib/.build-id`, `/usr/lib/debug/.build-id`, where a second file of the same id has
 * the suffix `.1`) are read here; which others are worth a row, `loadable.ts` says.
 */
import { CHECKSUM_KINDS, isChecksum } from '../format/checksums.ts'
import type { IndexEntry } from '../format/index_entry.ts'
import { canBeLoaded } from '../format/loadable.ts'
import { usrMerged } from '../format/paths.ts'
import { isDebugName } from './naming.ts'
import { versionOf } from './primary.ts'
import { parseXml } from './xml.ts'

const CODE_LINK = /^\/usr\/lib\/\.build-id\/([0-9a-f]{2})\/([0-9a-f]{6,126})(?:\.[0-9]{1,4})?$/
const DEBUG_LINK = /^\/usr\/lib\/debug\/\.build-id\/([0-9a-f]{2})\/([0-9a-f]{6,126})(?:\.[0-9]{1,4})?\.debug$/

interface Owner {
  name: string
  architecture: string
  identity: string
}

/** Paths and build-ids worth knowing of the packages that `wants` wants, in batches. */
export async function* readFilelists(
  text: AsyncIterable<Uint8Array>,
  wants: (owner: { name: string; version: string; architecture: string }) => boolean,
): AsyncGenerator<IndexEntry[]> {
  let found: IndexEntry[] = []
  let named: Owner | undefined
  let owner: Owner | undefined
  let isFile = false
  const handlers = {
    open(name: string, attributes: Record<string, string>) {
      if (name === 'file') isFile = attributes.type === undefined
      else if (name === 'package') {
        owner = undefined
        named = {
          name: attributes.name ?? '',
          architecture: attributes.arch ?? '',
          identity: (attributes.pkgid ?? '').toLowerCase(),
        }
      } else if (name === 'version' && named !== undefined) {
        const version = versionOf(attributes)
        const isWanted = version !== undefined && isIdentity(named.identity) && wants({ ...named, version })
        owner = isWanted ? named : undefined
      }
    },
    close(name: string, path: string) {
      if (name === 'file' && isFile && owner !== undefined) takePath(path, owner, found)
    },
  }
  for await (const _ of parseXml(text, { what: 'filelists.xml', handlers })) {
    yield found
    found = []
  }
}

function takePath(path: string, { name, identity }: Owner, found: IndexEntry[]): void {
  // Two thirds of the paths, skipped before anything is parsed.
  if (/^\/usr\/(share|include|src)\//.test(path) && !path.includes('.so')) return
  const isCode = path.startsWith('/usr/lib/.build-id/')
  if (isCode || path.startsWith('/usr/lib/debug/.build-id/')) {
    const [, head, tail] = (isCode ? CODE_LINK : DEBUG_LINK).exec(path) ?? []
    if (head === undefined || tail === undefined) return
    const role = isCode && !isDebugName(name) ? 'code' : 'debug'
    found.push({ kind: 'build-id', buildId: head + tail, name, role, identity })
  } else if (path.startsWith('/') && canBeLoaded(path.slice(1))) {
    found.push({ kind: 'path', path: usrMerged(path), name })
  }
}

function isIdentity(text: string): boolean {
  return CHECKSUM_KINDS.some((kind) => isChecksum(text, kind))
}
