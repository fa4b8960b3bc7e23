/**
 * Where the parts of a `backtrace.json` lie in its bytes, so that who needs one of a thousand threads reads that one. Pure: one
 * pass over pieces of any size, which holds none of them. What is no JSON object gives what was found before it went wrong.
 */

/** Bytes from `start` up to `end`. */
export interface Range {
  readonly start: number
  readonly end: number
}

export interface Parts {
  /** The values of the object's members. */
  readonly members: ReadonlyMap<string, Range>
  /** The elements of `threads`, in their order. */
  readonly threads: readonly Range[]
  /** Other elements: nobody looks at so many, or so deep. */
  readonly further: number
}

const MAX_THREADS = 20_000
const MAX_MEMBERS = 64
const MAX_KEY = 64
/** What lies deeper is not what a worker writes, and costs a parser much. */
const MAX_DEPTH = 64

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a

/** Looks at pieces in their order; `parts` is what was found in them. */
export class PartFinder {
  readonly parts: { members: Map<string, Range>; threads: Range[]; further: number } = {
    members: new Map(),
    threads: [],
    further: 0,
  }
  #position = 0
  #depth = 0
  #isString = false
  #isEscaped = false
  /** Of the member that is being read: its name, and where its value begins. */
  #key = ''
  #isKey = false
  #value = -1
  #element = -1
  #isTooDeep = false

  add(piece: Uint8Array): void {
    for (let at = 0; at < piece.length; at++) {
      const byte = piece[at] ?? 0
      if (!this.#isString) this.#outside(byte, this.#position + at)
      else if (this.#isEscaped) this.#isEscaped = false
      else if (byte === BACKSLASH) this.#isEscaped = true
      else if (byte === QUOTE) this.#isString = false
      else if (this.#isKey && this.#key.length < MAX_KEY) this.#key += String.fromCharCode(byte)
    }
    this.#position += piece.length
  }

  #outside(byte: number, at: number): void {
    switch (byte) {
      case QUOTE:
        this.#isString = true
        this.#isKey = this.#depth === 1 && this.#value < 0
        if (this.#isKey) this.#key = ''
        return
      case COLON:
        if (this.#depth === 1 && this.#value < 0) this.#value = at + 1
        return
      case COMMA:
        if (this.#depth === 1) this.#endMember(at)
        if (this.#depth === 2) this.#endElement(at, at + 1)
        return
      case 0x7b: // {
      case 0x5b: // [
        this.#depth++
        if (this.#depth > MAX_DEPTH) this.#isTooDeep = true
        if (this.#depth === 2 && byte === 0x5b && this.#key === 'threads') this.#element = at + 1
        return
      case 0x7d: // }
      case 0x5d: // ]
        if (this.#depth === 2) this.#endElement(at, -1)
        if (this.#depth === 1) this.#endMember(at)
        this.#depth--
    }
  }

  #endMember(end: number): void {
    if (this.#value >= 0 && !this.#isTooDeep && this.parts.members.size < MAX_MEMBERS) {
      this.parts.members.set(this.#key, { start: this.#value, end })
    }
    this.#value = -1
    this.#isTooDeep = false
  }

  #endElement(end: number, next: number): void {
    if (this.#element >= 0 && end > this.#element) {
      if (this.parts.threads.length < MAX_THREADS && !this.#isTooDeep) {
        this.parts.threads.push({ start: this.#element, end })
      } else this.parts.further++
      this.#isTooDeep = false
    }
    if (this.#element >= 0) this.#element = next
  }
}
