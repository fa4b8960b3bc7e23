/** Where symbolic links lead, also to what is not there yet: SQLite makes a file there, and others beside it. */
import { readlinkSync, realpathSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'

/** As many as the kernel follows (path_resolution(7)). */
const MAX_LINKS = 40

/** An absolute path without links; the path itself where its folder is not there. */
export function finalPath(path: string): string {
  let at = path
  for (let links = 0; links < MAX_LINKS; links++) {
    try {
      at = join(realpathSync(dirname(at)), basename(at))
      at = resolve(dirname(at), readlinkSync(at))
    } catch {
      // No link, or nothing at all.
      return at
    }
  }
  return path
}
