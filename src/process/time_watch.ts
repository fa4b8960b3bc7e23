/**
 * How much processor time each program of a sandbox has taken. The kernel tells a program of its limit by SIGXCPU, over which it ends;
 * who takes no notice gets SIGKILL some seconds later, which tells nobody why. Here it is known.
 */
import { ProgramError } from './error.ts'
import { processTree } from './memory.ts'
import { processorSeconds } from './proc.ts'
import type { Running } from './start.ts'
import { watch } from './watch.ts'

/** Well within the seconds between both signals (wall.ts). */
const LOOK_MS = 500

/** Ends a program of which one process has taken more than so many seconds, until it has ended. */
export function watchTime(running: Running, seconds: number): void {
  watch(running, LOOK_MS, (pid) => {
    if (!processTree(pid).some((each) => processorSeconds(each) > seconds)) return undefined
    return new ProgramError('too-much', `${running.title} took more than ${seconds} s of processor time`)
  })
}
