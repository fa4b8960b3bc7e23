/**
 * Which pages of a core are kept, and why. Pure. Owns the arithmetic of pages; refuses what was never dumped, and what
 * was promised to be left out (`forbid`), whoever asks. A page is 512 bytes here: of what is pointed to little more is kept than what is looked at.
 */
import type { Segment } from '../elf/segment.ts'
import type { ByteSource } from '../elf/source.ts'
import { KIB } from '../units/bytes.ts'

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

/** Dumped memory that addresses can lead to, sorted; empty areas are none. */
export function areasOf(segments: readonly Segment[]): Area[] {
  return segments.filter(({ start, dumped, fileOffset }) =>
    dumped > 0n && start + dumped < NO_ADDRESS && fileOffset < NO_ADDRESS
  ).map(({ start, dumped, fileOffset, flags }) => ({
    start: Number(start),
    end: Number(start + dumped),
    fileOffset: Number(fileOffset),
    flags,
  }))
}

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

  /** Keeps the pages of a span, as far as they were dumped; returns how many are new. */
  keep(kind: Kind, start: number, end: number): number {
    let fresh = 0
    for (let page = Math.floor(start / PAGE); page * PAGE < end; page++) {
      if (this.kept.has(page) || !this.#isDumped(page)) continue
      this.kept.set(page, kind)
      fresh++
    }
    return fresh
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

  #isDumped(page: number): boolean {
    return this.areaAt(page * PAGE) !== undefined || this.areaAt(page * PAGE + PAGE - 1) !== undefined
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
