/** How much a program that opens packages may use, whatever it opens. */
import type { Limits } from '../../process/wall.ts'
import { GIB } from '../../units/bytes.ts'
import { HOUR_S } from '../../units/time.ts'

/** A quarter of a gigabyte takes seconds; whoever reads the members may be slower. */
export const MEMBERS_TIMEOUT_MS = 600_000

/** Threads with which dpkg-deb decompresses, where it would take one for each processor; each has a block of its own. */
export const MEMBERS_ENVIRONMENT = { DPKG_DEB_THREADS_MAX: '4' }

/** The largest dictionary that xz and zstd allow takes 1.5 GiB; a package of a distribution takes tens of MiB. */
export const MEMBERS_LIMITS: Limits = {
  addressSpace: 4 * GIB,
  memory: 2 * GIB,
  cpuS: HOUR_S,
  fileBytes: 0,
  openFiles: 64,
  // Of all that this process opens at a time, four of a task: each is nine, with its wall and its threads.
  processes: 256,
}
