/**
 * Memory of a core that is sent after its slim one: what a debugger missed, and what that points to, so that a list is not read one entry
 * a round. Pure. Owns what goes along: nothing that is kept back, nothing that went before, no more bytes and pieces than are allowed.
 */
import { ElfError } from '../elf/error.ts'
import type { ByteSource } from '../elf/bytes_source.ts'
import { KIB } from '../units/bytes.ts'
import { copiesIn, type Needle } from './copies.ts'
import { NO_ADDRESS, PAGE, type Pages, type Span } from './pages.ts'
import { keepReachable } from './reach.ts'
import { allowedIn, type Run } from './runs.ts'
import { type WordForm, wordsIn } from './words.ts'

/** Memory that is asked for, or lies where more may be sent. */
export interface AskedRange {
  readonly start: bigint
  readonly length: number
}

/** `most` bytes in all; `within`: where what the ranges point to may be sent, too. */
interface Asked {
  readonly ranges: readonly AskedRange[]
  readonly within: readonly AskedRange[]
  readonly most: number
}

export interface MorePage {
  readonly start: number
  readonly bytes: Uint8Array
}

/** Read at a time. */
const CHUNK = 64 * KIB
/** Records of one round (docs/http.md, 'POST /<id>/memory'). */
export const MAX_PIECES = 1024
/** Without a copy of the environment more runs can be joined, which may hold another one. */
const MAX_TRIES = 8

/** In order. Throws ElfError where the file became shorter. */
export function moreOf(
  pages: Pages,
  source: ByteSource,
  { ranges, within, most, form, needles, except }: Asked & {
    form: WordForm
    needles: readonly Needle[]
    except: readonly Span[]
  },
): MorePage[] {
  const asked = cut(allowedIn(pages, spansOf(ranges)), most)
  const beside = within.length === 0
    ? []
    : pointedTo(pages, asked, { within: spansOf(within), most: most - bytesOf(asked), form })
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const runs = cut(fitting(pages, asked, beside), most)
    const copies = copiesIn(pages, source, runs, { needles, except })
    for (const copy of copies) pages.forbid(copy)
    if (copies.length > 0) continue
    return runs.map((run) => {
      const bytes = source.read(run.fileOffset, run.end - run.start)
      if (bytes.length < run.end - run.start) {
        throw new ElfError('truncated', 'The core became shorter while it was read')
      }
      return { start: run.start, bytes }
    })
  }
  return []
}

/** Pages that were not sent before, nearest first. */
function pointedTo(
  pages: Pages,
  asked: readonly Span[],
  { within, most, form }: { within: readonly Span[]; most: number; form: WordForm },
): Span[] {
  for (const { start, end } of asked) pages.keep('pointed', start, end)
  const before = pages.kept.size
  const roots = function* () {
    for (const { start, end } of asked) {
      for (const area of pages.areasIn(start, end)) {
        const last = Math.min(end, area.end)
        for (let at = Math.max(start, area.start); at < last; at += CHUNK) {
          yield* wordsIn(pages, at, Math.min(last, at + CHUNK), form)
        }
      }
    }
  }
  const isIn = (address: number) => within.some(({ start, end }) => address >= start && address < end)
  keepReachable(pages, roots(), { budget: most, form, isIn })
  const fresh = [...pages.kept.keys()].slice(before)
  // It may keep a little more than that, which would take the place of what was asked for.
  for (const page of fresh.splice(Math.floor(most / PAGE))) pages.kept.delete(page)
  return fresh.map((page) => ({ start: page * PAGE, end: (page + 1) * PAGE }))
    .flatMap((page) => {
      const area = within.find(({ start, end }) => start < page.end && end > page.start)
      return area === undefined ? [] : [{ start: Math.max(page.start, area.start), end: Math.min(page.end, area.end) }]
    })
}

/** What was asked for, and of the rest as much, from its beginning, as makes no more pieces than are allowed: what goes may come later. */
function fitting(pages: Pages, asked: readonly Span[], beside: Span[]): Run[] {
  for (;;) {
    const runs = allowedIn(pages, [...asked, ...beside])
    if (runs.length <= MAX_PIECES || beside.length === 0) return runs.slice(0, MAX_PIECES)
    for (const { start } of beside.splice(Math.floor(beside.length * 0.75))) {
      pages.kept.delete(Math.floor(start / PAGE))
    }
  }
}

function cut(runs: readonly Run[], most: number): Run[] {
  const out: Run[] = []
  let left = most
  for (const run of runs) {
    const end = Math.min(run.end, run.start + left)
    if (end > run.start) out.push({ ...run, end })
    left -= end - run.start
  }
  return out
}

function spansOf(ranges: readonly AskedRange[]): Span[] {
  return ranges.filter(({ start, length }) => start > 0n && start + BigInt(length) < NO_ADDRESS).map((
    { start, length },
  ) => ({ start: Number(start), end: Number(start) + length }))
}

function bytesOf(runs: readonly Run[]): number {
  return runs.reduce((sum, { start, end }) => sum + end - start, 0)
}
