/**
 * Which code the stacks of a core point into: every return address is such a word, so that what is not pointed into has no
 * frame there, but for stacks that a thread has left (a signal handler's own one). Owns that search; refuses stacks that are
 * too large to be searched.
 */
import type { Core } from './core.ts'
import { coreMemory, type Memory } from './memory.ts'
import { PF_X } from './header.ts'
import { lastAtOrBelow, segmentAt } from './segment.ts'
import type { ByteSource } from './bytes_source.ts'

/** A range of addresses, the end excluded. */
interface Area {
  readonly start: bigint
  readonly end: bigint
}

/** Bytes of all stacks together: the main thread's are 8 MiB at most by default. */
const MAX_BYTES = 64 * 1024 * 1024
const PIECE = 1024 * 1024
const MAX_PARTS = 100_000
/** What arm64 signs pointers with, and other tags of theirs, lie above. */
const HIGH_BITS = 0xffff

/**
 * The indices of the areas into whose code a program counter or an aligned word of a stack points, from the stack pointer of a
 * thread to the end of the memory that it lies in; undefined when there is too much to look at, and
 * where no segment says what could be executed.
 */
export function pointedInto(core: Core, source: ByteSource, areas: readonly Area[]): Set<number> | undefined {
  const code = codeOf(core, areas)
  if (code === undefined) return undefined
  const search = new Search(code)
  const memory = coreMemory(source, core.segments, { ...core.ident })
  let left = MAX_BYTES
  for (const { pc, sp } of core.threads) {
    search.look(Number(pc & 0xffffffffffffn))
    const segment = segmentAt(core.segments, sp)
    if (segment === undefined) continue
    const word = BigInt(core.ident.class / 8)
    const start = sp - sp % word
    left -= Math.max(0, Number(segment.start + segment.dumped - start))
    if (left < 0) return undefined
    searchStack(memory, { start, end: segment.start + segment.dumped }, search)
  }
  return search.found
}

function searchStack(memory: Memory, { start, end }: Area, search: Search): void {
  const { littleEndian, class: bits } = memory.encoding
  for (let at = start; at < end; at += BigInt(PIECE)) {
    const bytes = memory.read(at, Math.min(PIECE, Number(end - at)))
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    if (bits === 32) {
      for (let offset = 0; offset + 4 <= bytes.length; offset += 4) search.look(view.getUint32(offset, littleEndian))
      continue
    }
    const [low, high] = littleEndian ? [0, 4] : [4, 0]
    for (let offset = 0; offset + 8 <= bytes.length; offset += 8) {
      const upper = view.getUint32(offset + high, littleEndian) & HIGH_BITS
      search.look(upper * 0x1_0000_0000 + view.getUint32(offset + low, littleEndian))
    }
  }
}

interface Code {
  /** Of the area. */
  readonly index: number
  readonly start: number
  readonly end: number
}

/** The executable parts of the areas; undefined when there are too many, or nothing is known of them. Addresses are numbers here: code lies below 2^48. */
function codeOf({ segments }: Core, areas: readonly Area[]): Code[] | undefined {
  const code = segments.filter(({ flags }) => (flags & PF_X) !== 0)
  if (code.length === 0) return undefined
  const parts: Code[] = []
  for (const [index, area] of areas.entries()) {
    for (let at = Math.max(0, lastAtOrBelow(code, area.start)); at < code.length; at++) {
      const { start = area.end, memorySize = 0n } = code[at] ?? {}
      if (start >= area.end) break
      if (parts.length >= MAX_PARTS) return undefined
      parts.push({
        index,
        start: Number(start > area.start ? start : area.start),
        end: Number(start + memorySize < area.end ? start + memorySize : area.end),
      })
    }
  }
  return parts.filter((each) => each.start < each.end)
}

class Search {
  readonly found = new Set<number>()
  /** Those that were not found yet, by address. */
  #left: Code[]
  /** Of all of them together: most words lie outside. */
  #start = 0
  #end = 0

  constructor(code: Code[]) {
    this.#left = code.sort((a, b) => a.start - b.start)
    this.#bound()
  }

  look(word: number): void {
    if (word < this.#start || word >= this.#end) return
    const code = this.#at(word)
    if (code === undefined) return
    // Parts of others can lie within the same range.
    for (const { index, start, end } of this.#left) if (start <= word && word < end) this.found.add(index)
    this.#left = this.#left.filter(({ index }) => !this.found.has(index))
    this.#bound()
  }

  #bound(): void {
    this.#start = this.#left[0]?.start ?? 0
    this.#end = this.#left.reduce((most, { end }) => Math.max(most, end), 0)
  }

  #at(word: number): Code | undefined {
    let [low, high] = [0, this.#left.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#left[middle]?.start ?? 0) <= word) low = middle + 1
      else high = middle
    }
    const code = this.#left[low - 1]
    return code !== undefined && word < code.end ? code : undefined
  }
}
