/**
 * Files and directories of the spool: 0600 and 0700 whatever the umask, and on the disk when asked for. Nothing is
 * overwritten.
 */
import { type FileHandle, mkdir, open } from 'node:fs/promises'

/** Makes a directory that only we can enter. */
export async function makePrivateDirectory(path: string): Promise<void> {
  await mkdir(path, { mode: 0o700 })
  await usingHandle(path, 'r', (handle) => handle.chmod(0o700))
}

/** Opens a new file for writing that only we can read. Fails with EEXIST when there is one. */
export async function createPrivateFile(path: string): Promise<FileHandle> {
  const handle = await open(path, 'wx', 0o600)
  try {
    await handle.chmod(0o600)
    return handle
  } catch (cause) {
    await handle.close()
    throw cause
  }
}

/** Writes a new small file and returns once its content is on the disk. */
export async function writeNewFile(path: string, content: string | Uint8Array): Promise<void> {
  const handle = await createPrivateFile(path)
  try {
    await handle.writeFile(content)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Returns once the names in a directory are on the disk. */
export async function syncDirectory(path: string): Promise<void> {
  await usingHandle(path, 'r', (handle) => handle.sync())
}

async function usingHandle(path: string, flags: string, use: (handle: FileHandle) => Promise<void>): Promise<void> {
  const handle = await open(path, flags)
  try {
    await use(handle)
  } finally {
    await handle.close()
  }
}
