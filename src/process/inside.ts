/**
 * Starts a program behind the wall. bubblewrap reads its arguments and the filter of system calls from descriptors, so
 * that no list of processes shows them.
 */
import { arch } from 'node:process'
import { seccompFilter } from './seccomp.ts'
import { Running, type StartOptions } from './start.ts'
import { type Sandbox, wallArguments, wallCommand } from './wall.ts'

export interface InsideOptions extends Omit<StartOptions, 'output' | 'environment'> {
  /** Called with its number before bwrap has its arguments: what is done to it then holds for all that runs inside. */
  onStart?: (pid: number) => void
}

const FIRST_CHANNEL = 3

/**
 * Never throws because a program cannot be started: such a program has ended at once. Throws RangeError as
 * wallArguments() does, and for a machine whose system calls have no row in seccomp.ts.
 */
export function startInside(sandbox: Sandbox, { onStart, channels = 0, ...options }: InsideOptions = {}): Running {
  const args = FIRST_CHANNEL + channels
  const bytes = wallArguments(sandbox).map((word) => `${word}\0`).join('')
  const filter = seccompFilter(arch)
  const running = new Running({
    title: sandbox.runs[0],
    words: wallCommand(sandbox, { args, seccomp: args + 1 }),
    through: { programs: ['prlimit', 'bwrap'], what: `The sandbox of ${sandbox.runs[0]}` },
  }, { ...options, channels: channels + 2 })
  if (running.pid !== undefined) onStart?.(running.pid)
  running.channels[channels]?.end(bytes)
  running.channels[channels + 1]?.end(filter)
  return running
}
