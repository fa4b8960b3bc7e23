/** What happens over and over for the same reason becomes one line of the log with a count. */

/** The first of a kind is told at once, those of the next minute together after it. */
const WINDOW_MS = 60_000
/** Kinds that are kept apart; beyond those the counts so far are told. */
const MAX_KINDS = 1000

export interface Repeats {
  /** Counts one of a kind, e.g. of an address. */
  add(kind: string): void
  /** Tells what has not been told yet. */
  flush(): void
}

/** `tell` is called with a kind and how often it happened since it was last told. */
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
      if (times !== undefined) return void counts.set(kind, times + 1)
      if (counts.size >= MAX_KINDS) flush()
      counts.set(kind, 0)
      tell(kind, 1)
      timer ??= setTimeout(flush, WINDOW_MS).unref()
    },
    flush,
  }
}
