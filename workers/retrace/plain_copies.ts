/** Debuginfo as a debugger reads it fastest: where there is a copy that is not compressed (indexing/make_copies.ts), that one. */
import { join } from 'node:path'
import { plainSize } from '../../src/files/plain.ts'
import { plainPath } from '../../src/packages/keep/debug_index.ts'
import type { KeptFile, ResolvedModule } from './resolve/resolve.ts'

/** A module's debug file and dwz files, where they are files of their own. */
export function withCopies({ debug, dwz, ...rest }: ResolvedModule): ResolvedModule {
  const isOwn = debug !== undefined && debug.path !== rest.binary?.path
  return { ...rest, debug: isOwn ? copyOf(debug) : debug, dwz: dwz.map(copyOf) }
}

function copyOf<File extends KeptFile>(file: File): File {
  if (file.buildId === undefined) return file
  const path = join(file.packageDir, plainPath(file.buildId))
  return (plainSize(path) ?? 0) > 0 ? { ...file, path } : file
}
