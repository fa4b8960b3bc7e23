/**
 * How many files a sandbox has in its /tmp: their contents are bounded when it is made, their number is by this look. Each takes
 * about 1 KiB of the kernel's memory, which no limit of a process counts.
 */
import { ProgramError } from './error.ts'
import { childrenOf, fileSystemOf } from './proc.ts'
import type { Running } from './start.ts'

export const MAX_TMP_FILES = 10_000
const LOOK_MS = 100

/** Ends a program with more than MAX_TMP_FILES files in a /tmp of `bytes`, until it has ended. */
export function watchTmp(running: Running, bytes: number): void {
  const watch = setInterval(() => {
    if (filesIn(running.pid, bytes) <= MAX_TMP_FILES) return
    running.stop(new ProgramError('too-much', `${running.title} made more than ${MAX_TMP_FILES} temporary files`))
  }, LOOK_MS)
  watch.unref()
  running.ended.finally(() => clearInterval(watch))
}

function filesIn(bwrap: number | undefined, bytes: number): number {
  const [inside] = bwrap === undefined ? [] : childrenOf(bwrap)
  if (inside === undefined) return 0
  const found = fileSystemOf(inside, '/tmp')
  // Until its root is made it has that of the machine.
  if (found === undefined || Math.abs(found.blocks * found.bsize - bytes) >= found.bsize) return 0
  return found.files - found.ffree
}
