/** Where in its function each frame is. Pure. */
import type { PlainFrame } from '../gdb/answers.ts'

/**
 * An address in the instruction that runs, or in the call that did not return: that can be the last one of its function, so
 * that the return address is the next one's. Inlined functions are where the function is that they are inlined in.
 */
export function callSites(frames: readonly Pick<PlainFrame, 'pc' | 'kind'>[]): bigint[] {
  let isReturn = false
  return frames.map(({ pc, kind }) => {
    const site = isReturn && pc > 0n ? pc - 1n : pc
    if (kind === 'signal-handler') isReturn = false
    else if (kind !== 'inline') isReturn = true
    return site
  })
}
