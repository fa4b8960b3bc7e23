/**
 * `Contents-ARCH` and `Contents-all`: which package has which path, as text that streams through (148 MB for bookworm's
 * main). Which paths are worth a row, `loadable.ts` says.
 */
import { canBeLoaded } from '../format/loadable.ts'
import { usrMerged } from '../format/paths.ts'
import type { IndexEntry } from '../format/index_entry.ts'
import { lines } from './lines.ts'

const BUILD_ID_PATH = /^usr\/lib\/debug\/\.build-id\/([0-9a-f]{2})\/([0-9a-f]{6,62})\.debug$/

/** Paths and build-ids worth knowing, in batches. */
export async function* readContents(text: AsyncIterable<Uint8Array>): AsyncGenerator<IndexEntry[]> {
  for await (const batch of lines(text)) {
    const found: IndexEntry[] = []
    for (const line of batch) {
      // Two thirds of the lines, told apart before anything is cut out of them.
      if (/^(?:\.?\/)?usr\/(?:share|include|src)\//.test(line) && !line.includes('.so')) continue
      readLine(line, found)
    }
    yield found
  }
}

/**
 * `usr/bin/x   section/name[,section/name...]`; the path may hold spaces, the packages do not. Some archives write
 * `./usr/bin/x` or `/usr/bin/x`, and `section/name:arch`.
 */
function readLine(line: string, found: IndexEntry[]): void {
  const end = Math.max(line.lastIndexOf(' '), line.lastIndexOf('\t'))
  if (end <= 0) return
  const path = line.slice(0, end).trimEnd().replace(/^\.?\/+/, '')
  const buildId = debugBuildId(path)
  if (buildId === undefined && !canBeLoaded(path)) return
  for (const owner of line.slice(end + 1).split(',')) {
    const name = owner.slice(owner.lastIndexOf('/') + 1).replace(/:[a-z0-9-]+$/, '')
    if (!/^[A-Za-z0-9][A-Za-z0-9+._-]{0,199}$/.test(name)) continue
    if (buildId !== undefined) found.push({ kind: 'build-id', buildId, name, role: 'debug' })
    else found.push({ kind: 'path', path: usrMerged(`/${path}`), name })
  }
}

/** The build-id of a debuginfo file's path. */
function debugBuildId(path: string): string | undefined {
  const match = path.startsWith('usr/lib/debug/.build-id/') ? BUILD_ID_PATH.exec(path) : null
  return match?.[1] === undefined || match[2] === undefined ? undefined : match[1] + match[2]
}
