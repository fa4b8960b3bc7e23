/**
 * The map of a sparse member: which parts of the file the archive holds, in the four forms that GNU tar writes (tar
 * manual, appendix 'Storing Sparse Files'). Pure; bounded; refuses maps that overlap, run backwards or leave the file.
 */
import type { Turns } from '../stream/turns.ts'
import { badStream } from './bad_stream.ts'
import { parseNumber, TAR_BLOCK } from './tar_header.ts'

/** 16 bytes of memory each; a core of 2 GiB whose every other page is zero has half of that. */
export const MAX_REGIONS = 512 * 1024

/** However small they are. */
const FREE_PARTS = 4096

export class SparseMap {
  #offsets = new Float64Array(64)
  #lengths = new Float64Array(64)
  #count = 0
  #end = 0
  #stored = 0

  get count(): number {
    return this.#count
  }

  /** Bytes that the archive holds. */
  get stored(): number {
    return this.#stored
  }

  /** First byte after the last part. */
  get end(): number {
    return this.#end
  }

  /**
   * Adds the next part. Throws bad-stream. Tar looks for holes block by block: many parts that are smaller only cost time, and are
   * refused as soon as there are too many for what those before them hold.
   */
  add(offset: number, length: number): void {
    if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < this.#end) throw damagedMap()
    if (!Number.isSafeInteger(offset + length)) throw damagedMap()
    if (this.#count >= FREE_PARTS + this.#stored / TAR_BLOCK) {
      throw badStream('The parts of a sparse member are smaller than the blocks of a tar archive')
    }
    if (this.#count === MAX_REGIONS) throw badStream(`A sparse member has more than ${MAX_REGIONS} parts`)
    if (this.#count === this.#offsets.length) {
      this.#offsets = grown(this.#offsets)
      this.#lengths = grown(this.#lengths)
    }
    this.#offsets[this.#count] = offset
    this.#lengths[this.#count] = length
    this.#count++
    this.#end = offset + length
    this.#stored += length
  }

  *parts(): Generator<{ offset: number; length: number }> {
    for (let index = 0; index < this.#count; index++) {
      yield { offset: this.#offsets[index]!, length: this.#lengths[index]! }
    }
  }

  /** Throws bad-stream unless the map fits a file of `size` bytes of which the archive announces `stored`. */
  check(size: number, stored: number): void {
    if (this.#end > size || this.#stored !== stored) throw damagedMap()
  }
}

/**
 * Adds the parts of an old GNU header (4 from offset 386) or of one of its extensions (21 from 0); an empty one ends
 * them.
 */
export function addOldParts(map: SparseMap, block: Uint8Array, options: { offset: number; count: number }): void {
  for (let index = 0; index < options.count; index++) {
    const at = options.offset + index * 24
    if (block[at + 12] === 0) return
    map.add(parseNumber(block.subarray(at, at + 12)), parseNumber(block.subarray(at + 12, at + 24)))
  }
}

/** The map of PAX 0.1: offsets and lengths in turn, between commas. */
export async function parseCommaMap(text: string, turns: Turns): Promise<SparseMap> {
  const map = new SparseMap()
  let at = 0
  const next = () => {
    const comma = text.indexOf(',', at)
    const end = comma < 0 ? text.length : comma
    const value = parseDecimal(text.slice(at, end))
    at = end + 1
    return value
  }
  while (at < text.length) {
    const offset = next()
    if (at > text.length) throw damagedMap()
    map.add(offset, next())
    const turn = turns.next()
    if (turn !== undefined) await turn
  }
  return map
}

/** A number of a map or of a PAX header: decimal digits and nothing else. Throws bad-stream. */
export function parseDecimal(text: string): number {
  if (!/^[0-9]{1,20}$/.test(text)) throw badStream('A number in a header of the tar archive cannot be read')
  return Math.min(Number(text), Number.MAX_SAFE_INTEGER)
}

export function damagedMap(): Error {
  return badStream('The map of a sparse member is damaged')
}

function grown(array: Float64Array): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(array.length * 2)
  larger.set(array)
  return larger
}
