/**
 * What gdb missed of a slim core: the addresses that it said it could not read, as far as the sender left them out, with what lies
 * around them. Pure. Asks nothing twice, and no more than a round takes.
 */
import type { Core } from '../../src/elf/core.ts'
import { apart, type Range } from '../../src/slim/spans.ts'
import { MAX_ROUND, type WantedRange } from '../../src/task/rounds.ts'
import { KIB } from '../../src/units/bytes.ts'
import type { Conversation } from './gdb/told.ts'

/** gdb's own words, in a value, in the text of a frame, or why a stack ends. */
const MISSED = /annot access memory at address (0x[0-9a-f]{1,16})/g
/** What is sent of each address: from the piece of 512 bytes that it lies in, whole ones. */
const GRAIN = 512n
const WINDOW = 2n * BigInt(KIB)
/** Of one round; a record each, or two. */
const MAX_RANGES = 480
const MAX_ADDRESSES = 20_000

/** Spans that a client is told, and the largest number of an address in them. */
const MAX_SPANS = 64
const MAX_ADDRESS = 2n ** 53n

/** All that was left out, as few spans with as little between them as can be: sorted and apart. */
export function spansLeftOut({ leftOut }: Pick<Core, 'leftOut'>): WantedRange[] {
  const ranges = apart(leftOut?.ranges ?? []).filter(({ end }) => end < MAX_ADDRESS)
  const gaps = ranges.slice(1).map(({ start }, at) => ({ at: at + 1, size: start - (ranges[at]?.end ?? start) }))
  const breaks = new Set(
    gaps.toSorted((a, b) => (a.size > b.size ? -1 : 1)).slice(0, MAX_SPANS - 1).map(({ at }) => at),
  )
  const spans: { start: bigint; end: bigint }[] = []
  for (const [at, { start, end }] of ranges.entries()) {
    const last = spans.at(-1)
    if (last === undefined || breaks.has(at)) spans.push({ start, end })
    else last.end = end
  }
  return spans.map(({ start, end }) => ({ start, length: Number(end - start) }))
}

/** Sorted and apart; empty: nothing is missing that could be sent. */
export function wantedOf(
  core: Pick<Core, 'leftOut' | 'keptBack'>,
  said: Pick<Conversation, 'threads' | 'missed'>,
  before: readonly WantedRange[],
): WantedRange[] {
  if (core.leftOut === undefined || core.keptBack !== undefined) return []
  const leftOut = apart(core.leftOut.ranges)
  const isLeftOut = within(leftOut)
  const wasAsked = within(apart(before.map(({ start, length }) => ({ start, end: start + BigInt(length) }))))
  const pieces = new Map<bigint, bigint>()
  let bytes = 0n
  for (const address of missedAddresses(said)) {
    const from = address - address % GRAIN
    for (let at = from; at < from + WINDOW; at += GRAIN) {
      const end = at + GRAIN
      if (pieces.has(at) || wasAsked(at, end) || !isLeftOut(at, end)) continue
      if (bytes + GRAIN > MAX_ROUND) return rangesOf(pieces, leftOut)
      pieces.set(at, end)
      bytes += GRAIN
    }
  }
  return rangesOf(pieces, leftOut)
}

/** As many of the pieces, from the first on, as make no more ranges than one round has. */
function rangesOf(pieces: ReadonlyMap<bigint, bigint>, leftOut: readonly Range[]): WantedRange[] {
  const inOrder = [...pieces]
  const ofFirst = (count: number) => leftOutOf(joined(inOrder.slice(0, count)), leftOut)
  let best = ofFirst(inOrder.length)
  if (best.length <= MAX_RANGES) return best
  let [low, high] = [0, inOrder.length]
  while (high - low > 1) {
    const middle = (low + high) >>> 1
    const ranges = ofFirst(middle)
    if (ranges.length > MAX_RANGES) high = middle
    else [low, best] = [middle, ranges]
  }
  return best
}

/** Whether a piece of memory lies in one of these ranges in part, which are sorted and apart. */
function within(sorted: readonly Range[]): (start: bigint, end: bigint) => boolean {
  return (start, end) => {
    let [low, high] = [0, sorted.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((sorted[middle]?.end ?? 0n) <= start) low = middle + 1
      else high = middle
    }
    return (sorted[low]?.start ?? end) < end
  }
}

/** What matters most first: the crashed thread's, then what was read beside. */
function* missedAddresses({ threads, missed }: Pick<Conversation, 'threads' | 'missed'>): Generator<bigint> {
  const seen = new Set<bigint>()
  const fresh = (address: bigint) => {
    if (seen.size >= MAX_ADDRESSES || seen.has(address)) return false
    seen.add(address)
    return true
  }
  for (const thread of threads) {
    const values = [...thread.values.values()].flatMap(({ arguments: own, locals }) => [...own, ...locals])
    for (const text of [thread.stop ?? '', ...values.map(({ value }) => value), thread.text ?? '']) {
      for (const [, address = '0'] of text.matchAll(MISSED)) {
        if (fresh(BigInt(address))) yield BigInt(address)
      }
    }
  }
  for (const address of missed) if (fresh(address)) yield address
}

/** What of sorted ranges was left out: what the core has, nobody needs to send. */
function leftOutOf(ranges: readonly Range[], leftOut: readonly Range[]): WantedRange[] {
  const out: WantedRange[] = []
  let next = 0
  for (const range of ranges) {
    while ((leftOut[next]?.end ?? range.end) <= range.start) next++
    for (let at = next; at < leftOut.length; at++) {
      const { start, end } = leftOut[at] ?? range
      if (start >= range.end) break
      const from = start > range.start ? start : range.start
      out.push({ start: from, length: Number((end < range.end ? end : range.end) - from) })
    }
  }
  return out
}

function joined(pieces: readonly (readonly [bigint, bigint])[]): Range[] {
  const out: { start: bigint; end: bigint }[] = []
  for (const [start, end] of pieces.toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const last = out.at(-1)
    if (last?.end === start) last.end = end
    else out.push({ start, end })
  }
  return out
}
