/** How much memory the processes of a sandbox hold together, where nobody else looks at that. */
import { MIB } from '../units/bytes.ts'
import { ProgramError } from './error.ts'
import { residentMb } from './memory.ts'
import type { Running } from './start.ts'

const LOOK_MS = 100

/** Ends a program that holds more than so many bytes with all that it started, until it has ended. */
export function watchMemory(running: Running, bytes: number): void {
  const watch = setInterval(() => {
    const held = running.pid === undefined ? 0 : residentMb(running.pid)
    if (held * MIB <= bytes) return
    running.stop(new ProgramError('too-much', `${running.title} held more than ${bytes / MIB} MB of memory`))
  }, LOOK_MS)
  watch.unref()
  running.ended.finally(() => clearInterval(watch))
}
