/** Folders under RETRACE_REPO_DIR: readable for everybody, since root syncs and the server's user reads. */
import { chmodSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'

/** Modes of what is kept, whatever the umask of who keeps it. */
export const FOLDER_MODE = 0o755
export const FILE_MODE = 0o644

/** Makes an absolute folder and those above it that are missing; the modes of those that are there stay. */
export function makeFolder(path: string): void {
  const first = mkdirSync(path, { recursive: true })
  if (first === undefined) return
  for (let made = path; made.length >= first.length; made = dirname(made)) chmodSync(made, FOLDER_MODE)
}
