/**
 * Plain files of a folder that may hold anything: no link is followed at the end of a path, nothing waits for a pipe, and what
 * is a folder, a pipe, a socket or a device is no file. Synchronous: no descriptor stays open between two reads.
 */
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, writeFileSync } from 'node:fs'
import { errnoOf } from '../errors/errno.ts'

/** Opens what is there already for reading. */
export const READING = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
/** Makes a file or empties it. */
export const WRITING = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW
/** Makes a file or goes on at its end. */
export const APPENDING = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW

/** Errors that mean there is no plain file: none at all, a link, a socket, a device without a driver. */
const NONE = /^(ENOENT|ENOTDIR|ELOOP|ENXIO|ENODEV|EISDIR)$/

/** The size of a plain file; undefined: there is none. */
export function plainSize(path: string): number | undefined {
  const found = lstatSync(path, { throwIfNoEntry: false })
  return found?.isFile() ? found.size : undefined
}

/** Bytes that a plain file takes on disk, its holes left out; 0: there is none. */
export function plainBlocks(path: string): number {
  const found = lstatSync(path, { throwIfNoEntry: false })
  return found?.isFile() ? found.blocks * 512 : 0
}

/** At most `length` bytes from a position on, fewer at the end; undefined: there is no plain file. Throws EIO and the like. */
export function readPlain(
  path: string,
  { position = 0, length }: { position?: number; length?: number } = {},
): Uint8Array<ArrayBuffer> | undefined {
  return usingPlain(path, (descriptor, size) => {
    const bytes = new Uint8Array(Math.min(length ?? Infinity, Math.max(0, size - position)))
    let filled = 0
    while (filled < bytes.length) {
      const got = readSync(descriptor, bytes, filled, bytes.length - filled, position + filled)
      if (got === 0) break
      filled += got
    }
    return bytes.subarray(0, filled)
  })
}

/** Makes a small file, or replaces what one holds. */
export function writePlain(path: string, text: string, mode: number): void {
  const descriptor = openSync(path, WRITING, mode)
  try {
    writeFileSync(descriptor, text)
  } finally {
    closeSync(descriptor)
  }
}

/** Gives a plain file's descriptor and size to `use`; undefined: there is none. */
function usingPlain<Value>(path: string, use: (descriptor: number, size: number) => Value): Value | undefined {
  const descriptor = openPlain(path)
  if (descriptor === undefined) return undefined
  try {
    const found = fstatSync(descriptor)
    return found.isFile() ? use(descriptor, found.size) : undefined
  } finally {
    closeSync(descriptor)
  }
}

function openPlain(path: string): number | undefined {
  try {
    return openSync(path, READING)
  } catch (cause) {
    if (NONE.test(errnoOf(cause) ?? '')) return undefined
    throw cause
  }
}
