/** Files that may not be there, read in pieces as they are pulled. */
import { type FileHandle, open } from 'node:fs/promises'
import { errnoOf } from '../errors/errno.ts'

/** The bytes of a piece. */
export const CHUNK = 65_536

/** The bytes of a file in pieces of 64 KiB; ends at once when the file has gone. */
export async function* readFileChunks(path: string): AsyncGenerator<Uint8Array> {
  const handle = await openIfThere(path)
  if (handle === undefined) return
  try {
    for (;;) {
      const buffer = new Uint8Array(CHUNK)
      const { bytesRead } = await handle.read(buffer, 0, CHUNK, null)
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await handle.close()
  }
}

/** Opens a file for reading; undefined: there is none. */
export async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r')
  } catch (cause) {
    if (errnoOf(cause) === 'ENOENT') return undefined
    throw cause
  }
}
