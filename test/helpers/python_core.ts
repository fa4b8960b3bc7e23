/** The bytes of a core of CPython 3.13, to be changed where its structures are: by the table that it carries itself. */
import { Buffer } from 'node:buffer'
import { readCore } from '../../src/elf/core.ts'
import type { Segment } from '../../src/elf/segment.ts'

/** Places in `_Py_DebugOffsets`, in bytes. */
const TABLE = {
  'runtime.interpreters_head': 40,
  'interpreter.threads_head': 72,
  'thread.next': 168,
  'thread.frame': 184,
  'frame.previous': 232,
  'frame.code': 240,
  'code.name': 288,
  'unicode.length': 552,
}
type Name = keyof typeof TABLE

export class PythonCore {
  readonly #bytes: Buffer
  readonly #segments: readonly Segment[]
  readonly #table: number

  constructor(bytes: Buffer) {
    this.#bytes = bytes
    this.#segments = readCore({
      size: bytes.length,
      read: (offset, length) => bytes.subarray(offset, offset + length),
    }).segments
    this.#table = bytes.indexOf('xdebugpy')
  }

  offset(name: Name): bigint {
    return this.#bytes.readBigUInt64LE(this.#table + TABLE[name])
  }

  setOffset(name: Name, value: bigint): void {
    this.#bytes.writeBigUInt64LE(value, this.#table + TABLE[name])
  }

  setVersion(value: bigint): void {
    this.#bytes.writeBigUInt64LE(value, this.#table + 8)
  }

  set(address: bigint, value: bigint): void {
    this.#bytes.writeBigUInt64LE(BigInt.asUintN(64, value), this.#at(address))
  }

  /** The thread of that number, the newest first. */
  thread(number: number): bigint {
    const head = this.#bytes.readBigUInt64LE(this.#table + Number(this.offset('runtime.interpreters_head')))
    let thread = this.#word(head + this.offset('interpreter.threads_head'))
    for (let left = number; left > 0; left--) thread = this.#word(thread + this.offset('thread.next'))
    return thread
  }

  /** A frame of the main thread, the oldest one in the list; 0 is the newest frame. */
  frame(level: number): bigint {
    let frame = this.#word(this.thread(2) + this.offset('thread.frame'))
    for (let left = level; left > 0; left--) frame = this.#word(frame + this.offset('frame.previous'))
    return frame
  }

  /** The name of a frame's function. */
  name(level: number): bigint {
    return this.#word(this.#word(this.frame(level) + this.offset('frame.code')) + this.offset('code.name'))
  }

  /** Every 40th word around the frames and objects becomes another number; the same for the same seed. */
  scramble(seed: number): void {
    let state = seed
    const next = () => state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    for (const place of [this.thread(2), this.frame(0), this.frame(3), this.name(0)]) {
      for (let word = 0; word < 2_000; word++) {
        if (next() % 40 !== 0) continue
        const address = place + BigInt(8 * (word - 200))
        try {
          this.set(address, next() % 2 === 0 ? BigInt(next()) << BigInt(next() % 33) : this.frame(0))
        } catch {
          // There is no such memory, or the frames lead there no more.
        }
      }
    }
  }

  #word(address: bigint): bigint {
    return this.#bytes.readBigUInt64LE(this.#at(address))
  }

  #at(address: bigint): number {
    const found = this.#segments.find(({ start, dumped }) => start <= address && address + 8n <= start + dumped)
    if (found === undefined) throw new Error(`The core does not hold 0x${address.toString(16)}`)
    return Number(found.fileOffset + address - found.start)
  }
}
