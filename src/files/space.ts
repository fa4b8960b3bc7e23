/** The space of a file system; what is free as it counts for RETRACE_MIN_FREE_MB: what a user may still write. */
import { statfsSync } from 'node:fs'

/** Bytes that are free in the file system of a directory. Synchronous: one system call. */
export function freeBytes(directory: string): number {
  const { bavail, bsize } = statfsSync(directory)
  return bavail * bsize
}

/** Bytes that the file system of a directory has in all. */
export function allBytes(directory: string): number {
  const { blocks, bsize } = statfsSync(directory)
  return blocks * bsize
}
