/** Folders under RETRACE_REPO_DIR: readable for everybody, since root syncs and the server's user reads. */
import { chmodSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'

/** Modes of what is kept, whatever the umask of the process that keeps it. */
const FOLDER_MODE = 0o755
export const FILE_MODE = 0o644

/** Makes a folder (an absolute path) and its missing parents, synchronously; existing folders keep their modes. */
export function makeFolder(path: string): void {
  const first = mkdirSync(path, { recursive: true })
  if (first === undefined) return
  for (let made = path; made.length >= first.length; made = dirname(made)) chmodSync(made, FOLDER_MODE)
}
