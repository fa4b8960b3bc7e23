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
  /** The control group that holds its memory; undefined: somebody has to watch it. */
  readonly group: Cgroup | undefined
}

/** Starts it in `group`, where there is one: all that runs inside is in it, too. */
export async function launch(sandbox: Sandbox, group?: Cgroup): Promise<Sandboxed> {
  let isHeld = false
  const running = await startInside(sandbox, {
    input: 'open',
    channels: 1,
    onStart: (pid) => isHeld = group?.add(pid) === true,
  })
  const [channel] = running.channels
  if (channel === undefined) throw new Error('Expected the one channel that was asked for')
  return { running, channel, group: isHeld ? group : undefined }
}
