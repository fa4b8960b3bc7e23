/** Ranges of addresses, less others. Pure. */

export interface Range {
  readonly start: bigint
  readonly end: bigint
}

/** Sorted; what lies in another one is cut off. */
export function apart<Each extends Range>(ranges: readonly Each[]): Each[] {
  let end = 0n
  return ranges.toSorted((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0)).flatMap((range) => {
    const start = range.start > end ? range.start : end
    if (start >= range.end) return []
    end = range.end
    return [{ ...range, start }]
  })
}

/** What is left of a range without others, which are sorted by their start. */
export function without(range: Range, others: readonly Range[]): Range[] {
  const left: Range[] = []
  let start = range.start
  for (let index = firstEndingAfter(others, start); index < others.length && start < range.end; index++) {
    const other = others[index]
    if (other === undefined || other.start >= range.end) break
    if (other.start > start) left.push({ start, end: other.start })
    if (other.end > start) start = other.end
  }
  if (start < range.end) left.push({ start, end: range.end })
  return left
}

function firstEndingAfter(others: readonly Range[], address: bigint): number {
  let [low, high] = [0, others.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((others[middle]?.end ?? 0n) <= address) low = middle + 1
    else high = middle
  }
  return low
}
