/**
 * Starts a debugger behind the wall, with the channel that retrace.py answers by, in a control group where there is
 * one.
 */
import type { Readable } from 'node:stream'
import { startInside } from '../../../src/process/inside.ts'
import type { Running } from '../../../src/process/start.ts'
import type { Sandbox } from '../../../src/process/wall.ts'
import type { Cgroup } from './cgroup.ts'

export interface Sandboxed {
  readonly running: Running
  /** What the program writes to its file descriptor 3. */
  readonly channel: Readable
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
  return { running, channel: running.channels[0] ?? running.output, group: isHeld ? group : undefined }
}
