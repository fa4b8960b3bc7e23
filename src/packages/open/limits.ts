/** How much a program that opens packages may use, whatever it opens. */
import type { Limits } from '../../process/wall.ts'
import { GIB } from '../../units/bytes.ts'
import { HOUR_S } from '../../units/time.ts'

/** A quarter of a gigabyte takes seconds; whoever reads the members may be slower. */
export const MEMBERS_TIMEOUT_MS = 600_000

/** liblzma decompresses with a thread per processor, each with a dictionary of its own. */
export const MEMBERS_LIMITS: Limits = {
  addressSpace: 16 * GIB,
  cpuS: HOUR_S,
  fileBytes: 0,
  openFiles: 64,
  processes: 256,
}
