/**
 * Room that a thread was lent, and the account of it there: the reservation stays with the thread that knows what all uploads
 * were promised (free_space.ts).
 */
import { MIB } from '../units/bytes.ts'
import { noSpace, type Room } from './free_space.ts'

/** What has been written is told in sums of at least so many bytes. */
const TOLD_AT_ONCE = 4 * MIB

export interface Lender {
  minFreeMb: number
  /** Asks for so many bytes more: resolves with how many there are. */
  more: (wanted: number) => Promise<number>
  /** Tells that so many bytes have been written. */
  settled: (bytes: number) => void
}

export class LentRoom implements Room {
  readonly #lender: Lender
  #left: number
  #untold = 0

  constructor(bytes: number, lender: Lender) {
    this.#left = bytes
    this.#lender = lender
  }

  /** What was not taken. */
  get left(): number {
    return this.#left
  }

  /** What has been written, and was not told yet. */
  get untold(): number {
    return this.#untold
  }

  request(bytes: number): Promise<void> | undefined {
    if (bytes <= this.#left) return undefined
    return this.#lender.more(bytes - this.#left).then((more) => void (this.#left += more))
  }

  take(bytes: number): void {
    if (bytes > this.#left) throw noSpace(this.#lender.minFreeMb)
    this.#left -= bytes
  }

  settle(bytes: number): void {
    this.#untold += bytes
    if (this.#untold < TOLD_AT_ONCE) return
    this.#lender.settled(this.#untold)
    this.#untold = 0
  }
}
