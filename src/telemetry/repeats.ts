/** What happens over and over for the same reason becomes one line of the log with a count. */

/** The first of a kind is told by who meets it, those of the next minute together after it. */
const WINDOW_MS = 60_000
/** Kinds that are kept apart; beyond those the counts so far are told. */
const MAX_KINDS = 1000

export interface Repeats {
  /** Counts one of a kind, e.g. of an address; whether it is the first, which is to be told at once. */
  add(kind: string): boolean
  /** Tells what has not been told yet. */
  flush(): void
}

/** `tell` is called with a kind and how often it happened since its first. */
export function createRepeats(tell: (kind: string, times: number) => void): Repeats {
  const counts = new Map<string, number>()
  let timer: NodeJS.Timeout | undefined
  function flush() {
    clearTimeout(timer)
    timer = undefined
    for (const [kind, times] of counts) if (times > 0) tell(kind, times)
    counts.clear()
  }
  return {
    add(kind) {
      const times = counts.get(kind)
      if (times !== undefined) {
        counts.set(kind, times + 1)
        return false
      }
      if (counts.size >= MAX_KINDS) flush()
      counts.set(kind, 0)
      timer ??= setTimeout(flush, WINDOW_MS).unref()
      return true
    },
    flush,
  }
}
