/** The indices of debuginfo that a debugger is given: those that it has made itself, beside the files (make_indexes.ts). */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { indexPath } from '../../../src/packages/keep/debug_index.ts'
import type { Link } from '../../../src/process/wall.ts'
import { INSIDE, MAX_LINKS } from '../sandbox/arguments.ts'

interface Files {
  readonly links: readonly Link[]
  readonly debugFiles: readonly { buildId: string; packageDir: string; packageInside: string }[]
}

/** The names under which it looks for them; none where there is no room for more names. */
export function indexLinks({ indexKey }: { indexKey?: string }, { links, debugFiles }: Files): Link[] {
  if (indexKey === undefined) return []
  const found = new Map<string, Link>()
  for (const { buildId, packageDir, packageInside } of debugFiles) {
    const path = indexPath(indexKey, buildId)
    if (!found.has(buildId) && sizeOf(join(packageDir, path)) > 0) {
      found.set(buildId, { path: `${INSIDE.index}/${buildId}.gdb-index`, target: packageInside + path })
    }
  }
  return [...found.values()].slice(0, Math.max(0, MAX_LINKS - links.length))
}

function sizeOf(path: string): number {
  const found = statSync(path, { throwIfNoEntry: false })
  return found?.isFile() === true ? found.size : 0
}
