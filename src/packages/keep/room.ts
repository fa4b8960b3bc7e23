/** The free space that must stay in the file systems of the kept files and of the database (RETRACE_MIN_FREE_MB). */
import { freeBytes } from '../../files/space.ts'
import { FetchError } from '../format/error.ts'
import { MIB } from '../../units/bytes.ts'

/** Throws FetchError 'no-space' when `bytes` more in a folder's file system would leave less than `minFreeMb`. */
export function assertRoom(folder: string, { minFreeMb, bytes }: { minFreeMb: number; bytes: number }): void {
  if (freeBytes(folder) - bytes >= minFreeMb * MIB) return
  throw new FetchError(
    'no-space',
    `Less than RETRACE_MIN_FREE_MB (${minFreeMb} MiB) would be left in the file system of ${folder}`,
  )
}
