/**
 * Where code of the crashed process could run: what the segments' flags say, and files that a core lists without a
 * segment. A return address outside is a word of the stack that is none. Pure. Refuses to judge by a core in which no
 * segment carries the flag.
 */
import type { Core } from '../../../src/elf/core.ts'
import { moduleAt } from '../../../src/elf/core.ts'
import { PF_X } from '../../../src/elf/header.ts'
import { lastAtOrBelow, segmentAt } from '../../../src/elf/segment.ts'
import type { PlainFrame } from '../gdb/answers.ts'

type Memory = Pick<Core, 'segments' | 'files' | 'modules'>

/** Whether the core tells at all what could be executed. */
export function tellsExecutable({ segments }: Pick<Core, 'segments'>): boolean {
  return segments.some((each) => (each.flags & PF_X) !== 0)
}

/**
 * The level of the first frame that is none, since nothing can run where it is; undefined: all are frames. The newest
 * one, and one that a signal interrupted, may be anywhere: a call through a bad pointer ends there.
 */
export function firstWrongCaller(frames: readonly PlainFrame[], core: Memory): number | undefined {
  if (frames.length < 2 || !tellsExecutable(core)) return undefined
  let mayBeAnywhere = true
  for (const [level, { kind, pc }] of frames.entries()) {
    if (kind === 'signal-handler') {
      mayBeAnywhere = true
      continue
    }
    if (!mayBeAnywhere && !canRun(core, callOf(pc))) return level
    // Inlined functions are where the function is that they are inlined in.
    if (kind !== 'inline') mayBeAnywhere = false
  }
  return undefined
}

/** A call can be the last instruction of its mapping. */
function callOf(pc: bigint): bigint {
  return pc > 0n ? pc - 1n : pc
}

function canRun(core: Memory, address: bigint): boolean {
  const segment = segmentAt(core.segments, address)
  if (segment !== undefined) return (segment.flags & PF_X) !== 0
  const file = core.files[lastAtOrBelow(core.files, address)]
  return (file !== undefined && address < file.end) || moduleAt(core.modules, address) !== undefined
}
