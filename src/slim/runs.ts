/**
 * Pages that are kept, as the segments of a new core: runs that lie in one mapping, few enough for a table of program
 * headers, and what is left out between them. Pure.
 */
import { KIB, MIB } from '../units/bytes.ts'
import { type Area, PAGE, type Pages, type Span } from './pages.ts'

/** A gap that is filled so that two runs become one, and all of them together. */
const MAX_GAP = 64 * KIB
const MAX_GAPS = 8 * MIB

/** Kept bytes of one mapping, and where they are in the core. */
export interface Run {
  readonly start: number
  readonly end: number
  readonly fileOffset: number
  readonly flags: number
}

export interface Runs {
  readonly kept: readonly Run[]
  /** What was dumped and is not kept. */
  readonly left: readonly { readonly start: number; readonly end: number; readonly flags: number }[]
}

/** At most `limit` runs: those with the smallest gaps between them are joined; what is forbidden never comes in. */
export function runsOf(pages: Pages, limit: number): Runs {
  const pieces = allowedPieces(pages)
  const numbers = Float64Array.from(pages.kept.keys()).sort()
  const runs: (Run & { piece: Area })[] = []
  let next = 0
  for (const piece of pieces) {
    while (next < numbers.length && ((numbers[next] ?? 0) + 1) * PAGE <= piece.start) next++
    for (let at = next; at < numbers.length; at++) {
      const page = numbers[at] ?? 0
      if (page * PAGE >= piece.end) break
      const [start, end] = [Math.max(piece.start, page * PAGE), Math.min(piece.end, (page + 1) * PAGE)]
      const last = runs.at(-1)
      if (last?.piece === piece && last.end === start) runs[runs.length - 1] = { ...last, end }
      else runs.push({ start, end, fileOffset: piece.fileOffset + start - piece.start, flags: piece.flags, piece })
    }
  }
  const kept = joined(runs, limit, pages)
  return { kept: kept.map(({ piece: _, ...run }) => run), left: between(pages.areas, kept) }
}

/** All areas without what is forbidden. */
function allowedPieces({ areas, forbidden }: Pick<Pages, 'areas' | 'forbidden'>): Area[] {
  const spans = joinedSpans(forbidden)
  const left: Area[] = []
  let next = 0
  for (const area of areas) {
    let start = area.start
    const add = (end: number) => {
      if (end > start) left.push({ ...area, start, end, fileOffset: area.fileOffset + start - area.start })
    }
    while (next < spans.length && (spans[next]?.end ?? 0) <= start) next++
    for (let at = next; at < spans.length; at++) {
      const span = spans[at]
      if (span === undefined || span.start >= area.end) break
      add(span.start)
      start = Math.min(span.end, area.end)
    }
    add(area.end)
  }
  return left
}

/** What of these spans was dumped and may be sent, in order. */
export function allowedIn(pages: Pages, spans: readonly Span[]): Run[] {
  const pieces = allowedPieces(pages)
  const out: Run[] = []
  let next = 0
  for (const span of joinedSpans(spans)) {
    while (next < pieces.length && (pieces[next]?.end ?? 0) <= span.start) next++
    for (let at = next; at < pieces.length; at++) {
      const piece = pieces[at]
      if (piece === undefined || piece.start >= span.end) break
      const [start, end] = [Math.max(piece.start, span.start), Math.min(piece.end, span.end)]
      out.push({ start, end, fileOffset: piece.fileOffset + start - piece.start, flags: piece.flags })
    }
  }
  return out
}

function joinedSpans(spans: readonly Span[]): Span[] {
  const out: Span[] = []
  for (const span of spans.toSorted((a, b) => a.start - b.start)) {
    const last = out.at(-1)
    if (last === undefined || span.start > last.end) out.push(span)
    else if (span.end > last.end) out[out.length - 1] = { start: last.start, end: span.end }
  }
  return out
}

/** Where joining is not enough, the runs go whose pages were kept last. */
function joined<Kept extends Run & { piece: Area }>(runs: readonly Kept[], limit: number, pages: Pages): Kept[] {
  const surplus = runs.length - limit
  if (surplus <= 0) return [...runs]
  const gaps = runs.flatMap((run, index) => {
    const before = runs[index - 1]
    return before?.piece === run.piece ? [{ index, size: run.start - before.end }] : []
  }).filter(({ size }) => size <= MAX_GAP).sort((a, b) => a.size - b.size).slice(0, surplus)
  const closed = new Set<number>()
  let filled = 0
  for (const { index, size } of gaps) {
    filled += size
    if (filled > MAX_GAPS) break
    closed.add(index)
  }
  const out: Kept[] = []
  for (const [index, run] of runs.entries()) {
    const last = out.at(-1)
    if (last !== undefined && closed.has(index)) out[out.length - 1] = { ...last, end: run.end }
    else out.push(run)
  }
  if (out.length <= limit) return out
  const ranks = new Map([...pages.kept.keys()].map((page, rank) => [page, rank]))
  const rankOf = ({ start, end }: Kept) => {
    let lowest = Infinity
    for (let page = Math.floor(start / PAGE); page * PAGE < end; page++) {
      lowest = Math.min(lowest, ranks.get(page) ?? Infinity)
    }
    return lowest
  }
  const first = new Set(
    out.map((run) => ({ run, rank: rankOf(run) })).sort((a, b) => a.rank - b.rank).slice(0, limit).map(({ run }) =>
      run
    ),
  )
  return out.filter((run) => first.has(run))
}

function between(areas: readonly Area[], kept: readonly Run[]): Runs['left'] {
  const left: { start: number; end: number; flags: number }[] = []
  let next = 0
  for (const area of areas) {
    let start = area.start
    for (; next < kept.length; next++) {
      const run = kept[next]
      if (run === undefined || run.start >= area.end) break
      if (run.start > start) left.push({ start, end: run.start, flags: area.flags })
      start = run.end
    }
    if (area.end > start) left.push({ start, end: area.end, flags: area.flags })
  }
  return left
}
