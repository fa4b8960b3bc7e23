/** How much memory the processes of a sandbox hold together, where nobody else looks at that. */
import { MIB } from '../units/bytes.ts'
import { ProgramError } from './error.ts'
import { residentMb } from './memory.ts'
import type { Running } from './start.ts'
import { watch } from './watch.ts'

const LOOK_MS = 100

/** Ends a program that holds more than so many bytes with all that it started, until it has ended. */
export function watchMemory(running: Running, bytes: number): void {
  watch(running, LOOK_MS, (pid) => {
    if (residentMb(pid) * MIB <= bytes) return undefined
    return new ProgramError('too-much', `${running.title} held more than ${bytes / MIB} MB of memory`)
  })
}
