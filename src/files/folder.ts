/** Folders under RETRACE_REPO_DIR: readable for everybody, since root syncs and the server's user reads. */
import { accessSync, chmodSync, constants, existsSync, mkdirSync, statfsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { errnoOf } from '../errors/errno.ts'

/** Modes of what is kept, whatever the umask of the process that keeps it. */
const FOLDER_MODE = 0o755
export const FILE_MODE = 0o644

/** Makes a folder (an absolute path) and its missing parents, synchronously; existing folders keep their modes. */
export function makeFolder(path: string): void {
  for (const made of makeFolders(path)) chmodSync(made, FOLDER_MODE)
}

/**
 * Makes a folder (an absolute path) and its missing parents, synchronously, and returns those that it made. Where the
 * system says of a folder's name that its parent is not there although it is, as in /proc, Node's own `recursive`
 * tries for ever; this throws ENOENT. Throws ENOTDIR where a file stands in the way.
 */
export function makeFolders(path: string, mode = 0o777): string[] {
  const missing: string[] = []
  let at = path
  for (; !existsSync(at) && dirname(at) !== at; at = dirname(at)) missing.push(at)
  if (!statSync(at).isDirectory()) {
    throw Object.assign(new Error(`ENOTDIR: not a directory, mkdir '${path}'`), { code: 'ENOTDIR' })
  }
  return missing.reverse().filter((folder) => makeOne(folder, mode))
}

/** False when somebody else made it meanwhile. */
function makeOne(path: string, mode: number): boolean {
  try {
    mkdirSync(path, { mode })
    return true
  } catch (cause) {
    if (errnoOf(cause) === 'EEXIST' && statSync(path).isDirectory()) return false
    throw cause
  }
}

/** Types of file systems in which nobody makes folders, whatever their modes say: proc and sysfs (statfs(2)). */
const KERNEL = new Set([0x9fa0, 0x62656572])

/** Why a folder that is not there (an absolute path) could not be made by this user; undefined: it could. */
export function whyNotMade(path: string): string | undefined {
  const parent = dirname(path)
  if (!existsSync(parent)) return whyNotMade(parent)
  try {
    if (!statSync(parent).isDirectory()) return `${parent} is not a directory`
    if (KERNEL.has(statfsSync(parent).type)) return `${parent} is the kernel's`
    accessSync(parent, constants.W_OK | constants.X_OK)
    if (statfsSync(parent).bavail === 0) return `the file system of ${parent} is full`
    return undefined
  } catch (cause) {
    return `${parent} cannot be written to (${errnoOf(cause) ?? cause})`
  }
}
