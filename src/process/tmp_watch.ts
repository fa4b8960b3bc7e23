/**
 * How many files a sandbox has in its /tmp: their contents are bounded when it is made, their number is by this look. Each takes
 * about 1 KiB of the kernel's memory, which no limit of a process counts.
 */
import { ProgramError } from './error.ts'
import { childrenOf, fileSystemOf } from './proc.ts'
import type { Running } from './start.ts'
import { watch } from './watch.ts'

export const MAX_TMP_FILES = 10_000
const LOOK_MS = 100

/** Ends a program with more than MAX_TMP_FILES files in a /tmp of `bytes`, until it has ended. */
export function watchTmp(running: Running, bytes: number): void {
  watch(running, LOOK_MS, (pid) => {
    if (filesIn(pid, bytes) <= MAX_TMP_FILES) return undefined
    return new ProgramError('too-much', `${running.title} made more than ${MAX_TMP_FILES} temporary files`)
  })
}

function filesIn(bwrap: number, bytes: number): number {
  const [inside] = childrenOf(bwrap)
  if (inside === undefined) return 0
  const found = fileSystemOf(inside, '/tmp')
  // Until its root is made it has that of the machine.
  if (found === undefined || Math.abs(found.blocks * found.bsize - bytes) >= found.bsize) return 0
  return found.files - found.ffree
}
