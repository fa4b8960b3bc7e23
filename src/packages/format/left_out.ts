/**
 * What an index names and is not taken: counted by reason, with a few names each, so that the end of a run can say it.
 * Whether enough is left, the caller decides.
 */

import { count as counted } from '../../text/count.ts'

/** The one reason that is none to worry about. */
export const OTHER_ARCHITECTURE = 'of another architecture'

const MAX_NAMES = 5
const MAX_REASONS = 20
const MAX_NAME = 80

interface Group {
  count: number
  names: Set<string>
}

export class LeftOut {
  readonly #groups = new Map<string, Group>()

  /** `reason`: a sentence about the package, as `its version is none`. */
  add(name: string, reason: string): void {
    const key = this.#groups.has(reason) || this.#groups.size < MAX_REASONS ? reason : 'of yet other faults'
    const group = this.#groups.get(key) ?? { count: 0, names: new Set() }
    this.#groups.set(key, group)
    group.count++
    if (group.names.size < MAX_NAMES) group.names.add(name.slice(0, MAX_NAME))
  }

  /** Those that could have been taken here. */
  get count(): number {
    return [...this.#groups].reduce((sum, [reason, { count }]) => reason === OTHER_ARCHITECTURE ? sum : sum + count, 0)
  }

  /** `3 packages left out: its version is none (alpha, beta, gamma)`, the most frequent first. */
  sentences(): string[] {
    return [...this.#groups].sort(([, a], [, b]) => b.count - a.count).map(([reason, { count, names }]) => {
      const more = count > names.size ? ', ...' : ''
      return `${counted(count, 'package')} left out: ${reason} (${[...names].join(', ')}${more})`
    })
  }
}
