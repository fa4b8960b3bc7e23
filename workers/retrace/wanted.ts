/**
 * What gdb missed of a slim core: the addresses that it said it could not read, as far as the sender left them out, with what lies
 * around them. Pure. Asks nothing twice, and no more than a round takes.
 */
import type { Core } from '../../src/elf/core.ts'
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

interface Range {
  readonly start: bigint
  readonly end: bigint
}

/** Sorted and apart; empty: nothing is missing that could be sent. */
export function wantedOf(
  core: Pick<Core, 'leftOut' | 'keptBack'>,
  said: Pick<Conversation, 'threads' | 'missed'>,
  before: readonly WantedRange[],
): WantedRange[] {
  if (core.leftOut === undefined || core.keptBack !== undefined) return []
  const isLeftOut = within(core.leftOut.ranges)
  const wasAsked = within(before.map(({ start, length }) => ({ start, end: start + BigInt(length) })))
  const pieces = new Map<bigint, bigint>()
  let bytes = 0n
  for (const address of missedAddresses(said)) {
    const from = address - address % GRAIN
    for (let at = from; at < from + WINDOW; at += GRAIN) {
      const end = at + GRAIN
      if (pieces.has(at) || wasAsked(at, end) || !isLeftOut(at, end)) continue
      if (bytes + GRAIN > MAX_ROUND) return joined(pieces)
      pieces.set(at, end)
      bytes += GRAIN
    }
  }
  return joined(pieces)
}

/** Whether a piece of memory lies in one of these ranges in part. */
function within(ranges: readonly Range[]): (start: bigint, end: bigint) => boolean {
  const sorted = ranges.toSorted((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0))
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

function joined(pieces: ReadonlyMap<bigint, bigint>): WantedRange[] {
  const out: { start: bigint; length: number }[] = []
  for (const [start, end] of [...pieces].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const last = out.at(-1)
    if (last !== undefined && last.start + BigInt(last.length) === start) last.length += Number(end - start)
    else if (out.length < MAX_RANGES) out.push({ start, length: Number(end - start) })
  }
  return out
}
