/**
 * Numbers and strings out of bytes, in the class and byte order of an ELF file. A field that does not lie within the
 * bytes it is read from is an ElfError `malformed`.
 */
import { ElfError } from './error.ts'
import { count } from '../text/count.ts'

/** EI_CLASS as 32 or 64, and EI_DATA. */
export interface Encoding {
  readonly class: 32 | 64
  readonly littleEndian: boolean
}

const TEXT = new TextDecoder()

/** A window on bytes. Offsets are bytes from its start; `word` is 4 bytes in class 32 and 8 in class 64. */
export class Fields {
  readonly bytes: Uint8Array
  readonly encoding: Encoding
  readonly #view: DataView

  constructor(bytes: Uint8Array, encoding: Encoding) {
    this.bytes = bytes
    this.encoding = encoding
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get length(): number {
    return this.bytes.length
  }

  u8(offset: number): number {
    return this.#view.getUint8(this.#checked(offset, 1))
  }

  u16(offset: number): number {
    return this.#view.getUint16(this.#checked(offset, 2), this.encoding.littleEndian)
  }

  u32(offset: number): number {
    return this.#view.getUint32(this.#checked(offset, 4), this.encoding.littleEndian)
  }

  i32(offset: number): number {
    return this.#view.getInt32(this.#checked(offset, 4), this.encoding.littleEndian)
  }

  u64(offset: number): bigint {
    return this.#view.getBigUint64(this.#checked(offset, 8), this.encoding.littleEndian)
  }

  word(offset: number): bigint {
    return this.encoding.class === 64 ? this.u64(offset) : BigInt(this.u32(offset))
  }

  /**
   * The text from `offset` to the first NUL, at most `limit` bytes; undefined when no NUL comes. Bytes that are not
   * UTF-8 become U+FFFD.
   */
  string(offset: number, limit: number): string | undefined {
    const window = this.bytes.subarray(offset, offset + limit)
    const end = window.indexOf(0)
    return end === -1 ? undefined : TEXT.decode(window.subarray(0, end))
  }

  #checked(offset: number, length: number): number {
    if (!(offset >= 0 && offset + length <= this.bytes.length)) {
      throw new ElfError(
        'malformed',
        `A field of ${count(length, 'byte')} lies outside its table of ${count(this.bytes.length, 'byte')}`,
      )
    }
    return offset
  }
}

/** Bytes of a word in this class. */
export function wordSize(encoding: Encoding): 4 | 8 {
  return encoding.class === 64 ? 8 : 4
}

/** The text of a field of fixed width: up to the first NUL, or all of it, without spaces at the end. */
export function fixedText(bytes: Uint8Array): string {
  const end = bytes.indexOf(0)
  return TEXT.decode(end === -1 ? bytes : bytes.subarray(0, end)).trimEnd()
}

/** A file offset or length as a number, or undefined where it is beyond what any file can have (2^53). */
export function fileNumber(value: bigint): number | undefined {
  return value >= 0n && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : undefined
}
