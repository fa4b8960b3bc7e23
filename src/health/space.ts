/** The free space of the spool's file system. */
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { freeBytes } from '../files/space.ts'
import { MIB } from '../units/bytes.ts'
import type { Look } from './look.ts'

export const space: Look = {
  what: 'space',
  part: 'space',
  question({ config: { spoolDir, minFreeMb } }) {
    const free = Math.floor(freeBytes(nearestExisting(spoolDir)) / MIB)
    const text = `${free} MiB are free for the spool, RETRACE_MIN_FREE_MB is ${minFreeMb}`
    if (free >= minFreeMb) return { verdict: 'ok', text }
    const more = `every upload is refused with 507; make room for ${spoolDir}, or lower the setting`
    return { verdict: 'FAIL', text, more }
  },
}

/** The nearest existing parent: where the spool will be created. */
function nearestExisting(path: string): string {
  return existsSync(path) ? path : nearestExisting(dirname(path))
}
