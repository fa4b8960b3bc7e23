/** Files that tests put into the packages that they make. */
import { cpSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** What a package has at a path. */
export type MadeFile =
  | { bytes: string | Uint8Array }
  | { copy: string }
  | { symlink: string }
  | { link: string }

export function putFile(tree: string, path: string, file: MadeFile): void {
  const absolute = join(tree, path)
  mkdirSync(dirname(absolute), { recursive: true })
  if ('bytes' in file) writeFileSync(absolute, file.bytes)
  else if ('copy' in file) cpSync(file.copy, absolute, { dereference: true })
  else if ('symlink' in file) symlinkSync(file.symlink, absolute)
  else linkSync(join(tree, file.link), absolute)
}
