/**
 * Which pages of a core are kept, and why. Pure. Owns the arithmetic of pages; refuses what was never dumped, and what
 * was promised to be left out (`forbid`), whoever asks. A page is 512 bytes here: of what is pointed to little more is kept than what is looked at.
 */
import type { Segment } from '../elf/segment.ts'
import type { ByteSource } from '../elf/bytes_source.ts'
import { KIB, MIB } from '../units/bytes.ts'

/** Why a page is kept: the rows of what is shown to the sender, in the order of their weight. */
export const KINDS = ['stacks', 'threads', 'modules', 'libraries', 'pointed'] as const
export type Kind = typeof KINDS[number]

/** Addresses from here on are none of a user's process; below they are exact as numbers. */
export const NO_ADDRESS = 2n ** 53n

export const PAGE = KIB / 2

/** Dumped memory of one mapping; addresses as numbers (below 2^53). */
export interface Area {
  readonly start: number
  readonly end: number
  readonly fileOffset: number
  /** PF_X 1, PF_W 2, PF_R 4. */
  readonly flags: number
}

export interface Span {
  readonly start: number
  readonly end: number
}

/**
 * Dumped memory that addresses can lead to, sorted and apart from each other; empty areas are none. Of what two segments claim the
 * first one has it: so every walk over areas ends after as many as there are.
 */
export function areasOf(segments: readonly Segment[]): Area[] {
  const areas: Area[] = []
  for (const { start, dumped, fileOffset, flags } of segments) {
    if (dumped <= 0n || start + dumped >= NO_ADDRESS || fileOffset >= NO_ADDRESS) continue
    const area = { start: Number(start), end: Number(start + dumped), fileOffset: Number(fileOffset), flags }
    const taken = Math.max(0, (areas.at(-1)?.end ?? 0) - area.start)
    if (area.start + taken >= area.end) continue
    areas.push({ ...area, start: area.start + taken, fileOffset: area.fileOffset + taken })
  }
  return areas
}

/** Of all memory that is kept: stacks and what modules tell are far less. */
const MAX_KEPT = 256 * MIB / PAGE

export class Pages {
  readonly areas: readonly Area[]
  /** By number of the page. */
  readonly kept = new Map<number, Kind>()
  readonly forbidden: Span[] = []
  readonly #source: ByteSource
  readonly #cache = new Map<number, Uint8Array>()
  #last: Area | undefined

  constructor(source: ByteSource, areas: readonly Area[]) {
    this.#source = source
    this.areas = areas
  }

  /** The dumped memory that holds the address. */
  areaAt(address: number): Area | undefined {
    if (this.#last !== undefined && address >= this.#last.start && address < this.#last.end) return this.#last
    const area = this.areas[lastStart(this.areas, address)]
    if (area === undefined || address >= area.end) return undefined
    this.#last = area
    return area
  }

  /** From here on nobody gets these bytes. */
  forbid(span: Span): void {
    if (span.end > span.start) this.forbidden.push(span)
  }

  /** Keeps the pages of a span, as far as they were dumped, until 256 MiB are kept in all; returns how many are new. */
  keep(kind: Kind, start: number, end: number): number {
    let fresh = 0
    for (let index = Math.max(0, lastStart(this.areas, start)); index < this.areas.length; index++) {
      const area = this.areas[index]
      if (area === undefined || area.start >= end) break
      const to = Math.min(end, area.end)
      for (let page = Math.floor(Math.max(start, area.start) / PAGE); page * PAGE < to; page++) {
        if (this.kept.has(page)) continue
        if (this.kept.size >= MAX_KEPT) return fresh
        this.kept.set(page, kind)
        fresh++
      }
    }
    return fresh
  }

  /** The first area that begins behind the address. */
  areaBehind(address: number): Area | undefined {
    return this.areas[lastStart(this.areas, address) + 1]
  }

  /** Areas that hold any of a span. */
  *areasIn(start: number, end: number): Generator<Area> {
    for (let index = Math.max(0, lastStart(this.areas, start)); index < this.areas.length; index++) {
      const area = this.areas[index]
      if (area === undefined || area.start >= end) return
      if (area.end > start) yield area
    }
  }

  /** Bytes of a page, empty where nothing was dumped; fewer than 512 at the end of an area. */
  read(page: number): Uint8Array {
    const known = this.#cache.get(page)
    if (known !== undefined) return known
    const area = this.areaAt(page * PAGE)
    const bytes = area === undefined
      ? new Uint8Array(0)
      : this.#source.read(area.fileOffset + page * PAGE - area.start, Math.min(PAGE, area.end - page * PAGE))
    if (this.#cache.size >= CACHED) this.#cache.clear()
    this.#cache.set(page, bytes)
    return bytes
  }
}

const CACHED = 32_768

/** Index of the last area that begins at or below the address, -1: none. */
function lastStart(areas: readonly Area[], address: number): number {
  let [low, high] = [0, areas.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((areas[middle]?.start ?? Infinity) <= address) low = middle + 1
    else high = middle
  }
  return low - 1
}
