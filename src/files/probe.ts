/**
 * Whether a folder takes files, tried: modes do not tell of a file system that is full, read-only or over its quota. The
 * file that is written has no name (O_TMPFILE, open(2)), so nothing of it is ever seen or left.
 */
import { access, constants, open } from 'node:fs/promises'
import { errnoOf } from '../errors/errno.ts'
import { KIB } from '../units/bytes.ts'
import { freeBytes } from './space.ts'

/** Of asm-generic/fcntl.h; what O_DIRECTORY is differs from machine to machine. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY
/** As much as a few pages of a database take. */
const BYTES = 64 * KIB
/** File systems without such files, NFS for one (the code has two names), and kernels that take the flag for O_DIRECTORY. */
const UNKNOWN = new Set(['EOPNOTSUPP', 'ENOTSUP', 'EISDIR', 'EINVAL', 'ENOSYS'])

/** The code of the system's refusal (`EACCES`, `EROFS`, `ENOSPC`, `EDQUOT`, ...); undefined: it takes them. */
export async function whyNoFiles(folder: string): Promise<string | undefined> {
  try {
    const handle = await open(folder, O_TMPFILE | constants.O_WRONLY, 0o600)
    try {
      for (let left = BYTES; left > 0;) left -= (await handle.write(new Uint8Array(left))).bytesWritten
    } finally {
      await handle.close()
    }
    return undefined
  } catch (cause) {
    const code = errnoOf(cause) ?? String(cause)
    return UNKNOWN.has(code) ? await whyNotByModes(folder) : code
  }
}

async function whyNotByModes(folder: string): Promise<string | undefined> {
  try {
    await access(folder, constants.W_OK | constants.X_OK)
    return freeBytes(folder) < BYTES ? 'ENOSPC' : undefined
  } catch (cause) {
    return errnoOf(cause) ?? String(cause)
  }
}

const FULL = new Set(['ENOSPC', 'EDQUOT'])

/** What to do about a folder that takes no files, by the code of whyNoFiles(). */
export function adviceOnRefusal(folder: string, code: string): string {
  if (FULL.has(code)) return `make room in the file system of ${folder}`
  if (code === 'EROFS') {
    return `the file system of ${folder} is read-only: mount it for writing, and look at the kernel's log`
  }
  return `give ${folder} to the user as whom the server runs`
}
