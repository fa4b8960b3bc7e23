/**
 * Which debuginfo it is that gdb does not live with, where it ends before it can say so: by trying without some of it. Pure.
 * Owns the order of tries; whether gdb lives is for others to find out.
 */
import type { CoreModule } from '../../../src/elf/core.ts'
import type { LeftOut } from './thread_record.ts'

/**
 * Gives what to leave out in the next try, takes whether gdb lived, and returns what to leave out for good; undefined:
 * it is not over debuginfo that gdb ends. `first`: the likeliest. `most`: how many are found one by one; where there are
 * more, all are left out.
 */
export function* culprits(
  modules: readonly CoreModule[],
  { first, most }: { first: CoreModule | undefined; most: number },
): Generator<LeftOut, LeftOut | undefined, boolean> {
  if (first !== undefined && modules.includes(first) && (yield new Set([first]))) return new Set([first])
  const all = new Set(modules)
  if (all.size === 0 || !(yield all)) return undefined
  const found = new Set<CoreModule>()
  while (found.size < most) {
    const rest = modules.filter((each) => !found.has(each))
    // gdb dies without the first `low` of them, and lives without the first `high`.
    let [low, high] = [0, rest.length]
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (yield new Set([...found, ...rest.slice(0, middle)])) high = middle
      else low = middle
    }
    const culprit = rest[low]
    if (culprit === undefined) break
    found.add(culprit)
    if (yield found) return found
  }
  return all
}
