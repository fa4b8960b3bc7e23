/**
 * Starts a debugger behind the wall, with the channel by which retrace.py hears parameters and answers, in a control group where there is
 * one.
 */
import type { Duplex } from 'node:stream'
import { startInside } from '../../../src/process/inside.ts'
import type { Running } from '../../../src/process/start.ts'
import type { Sandbox } from '../../../src/process/wall.ts'
import type { Cgroup } from './cgroup.ts'

export interface Sandboxed {
  readonly running: Running
  /** The program's file descriptor 3: what it writes there, and what it is to read. */
  readonly channel: Duplex
  /** Those from 4 on, for twins of it. */
  readonly twins: readonly Duplex[]
  /** The control group that holds its memory; undefined: somebody has to watch it. */
  readonly group: Cgroup | undefined
}

/** Starts it in `group`, where there is one: all that runs inside is in it, too. `twins`: how many it may come to have. */
export async function launch(sandbox: Sandbox, group?: Cgroup, twins = 0): Promise<Sandboxed> {
  let isHeld = false
  const running = await startInside(sandbox, {
    input: 'open',
    channels: 1 + twins,
    onStart: (pid) => isHeld = group?.add(pid) === true,
  })
  // Those behind it told the wall what to do: their places are free for gdb's own files.
  const [channel, ...others] = running.channels.slice(0, 1 + twins)
  if (channel === undefined) throw new Error('Expected the one channel that was asked for')
  return { running, channel, twins: others, group: isHeld ? group : undefined }
}
