/**
 * What an archive holds besides the content of its members: headers, extended headers, what fills blocks, zeros at the end.
 * It packs to nothing and costs time, so that it is bounded by itself, whatever the members may take. Maps of sparse
 * members are not counted here but by their parts (sparse_map.ts).
 */
import { RetraceError } from '../errors/errors.ts'
import { count } from '../text/count.ts'
import { MIB } from '../units/bytes.ts'

export const MAX_OVERHEAD = MIB
/** A manifest has a dozen members, each with an extended header or two. */
export const MAX_HEADERS = 512
/** 20,000 parts of a map in the form 0.0 are 40,000. */
export const MAX_RECORDS = 50_000

/** All its methods throw unpacked-too-large. */
export class Overhead {
  #bytes = 0
  #headers = 0
  #records = 0

  takeBytes(bytes: number): void {
    this.#bytes += bytes
    if (this.#bytes > MAX_OVERHEAD) throw tooMuch(`${MAX_OVERHEAD} bytes outside its members (headers and padding)`)
  }

  takeHeader(bytes: number): void {
    if (++this.#headers > MAX_HEADERS) throw tooMuch(count(MAX_HEADERS, 'header'))
    this.takeBytes(bytes)
  }

  takeRecord(): void {
    if (++this.#records > MAX_RECORDS) throw tooMuch(`${count(MAX_RECORDS, 'record')} in its extended headers`)
  }
}

function tooMuch(what: string): RetraceError {
  return new RetraceError('unpacked-too-large', { detail: `The tar archive has more than ${what}` })
}
