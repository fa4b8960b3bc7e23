/** Files that an administrator named: links are followed, and nobody waits for what is a pipe or a device. */
import { readFileSync, statSync } from 'node:fs'
import { errnoOf } from '../errors/errno.ts'

class NoPlainFile extends Error {
  override name = 'NoPlainFile'
}

/** The text of one (UTF-8). Throws as readFileSync() does, and Error for what is no file. */
export function readNamed(path: string): string {
  const found = statSync(path)
  // Of a folder readFileSync() says so itself; for a pipe it would wait, and a device it would read for ever.
  if (found.isFile() || found.isDirectory()) return readFileSync(path, 'utf8')
  throw new NoPlainFile('it is no plain file')
}

/** Why one could not be read, in a word or a few; undefined: that is not what was thrown. */
export function whyUnread(thrown: unknown): string | undefined {
  return thrown instanceof NoPlainFile ? thrown.message : errnoOf(thrown)
}
