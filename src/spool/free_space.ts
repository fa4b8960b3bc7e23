/**
 * The free space of the spool's file system, and who was promised how much of it, so that several uploads together
 * cannot take it under RETRACE_MIN_FREE_MB, nor what tasks need for their results (507: docs/http.md, 'POST /create'). It does not know what is written.
 */
import type { Config } from '../config/config.ts'
import { RetraceError } from '../errors/errors.ts'
import { errnoOf } from '../errors/errno.ts'
import { freeBytes } from '../files/space.ts'
import { MIB } from '../units/bytes.ts'

/** An upload that needs more than it announced asks for this much at a time: one look at the file system per 4 MiB. */
const QUANTUM = 4 * MIB

export class FreeSpace {
  readonly #directory: string
  readonly #minMb: number
  readonly #look: () => number
  readonly #open = new Set<Reservation>()
  #results: () => number = () => 0

  /** `look` says how many bytes are free; left out, the file system of `directory` does. */
  constructor(directory: string, config: Pick<Config, 'minFreeMb'>, look?: () => number) {
    this.#directory = directory
    this.#minMb = config.minFreeMb
    this.#look = look ?? (() => freeBytes(this.#directory))
  }

  /** Bytes that are free now, promised or not. */
  free(): number {
    return this.#look()
  }

  /** From here on `bytes()` more are kept from uploads: what tasks may still write. */
  keep(bytes: () => number): void {
    this.#results = bytes
  }

  /** Promises `bytes` to an upload, the Content-Length that it announced. Throws no-space. */
  reserve(bytes: number): Reservation {
    if (this.#left() < bytes) throw this.#noSpace()
    return this.restore(bytes)
  }

  /** Promises what an earlier server had promised: whether there is room was decided then. */
  restore(bytes: number): Reservation {
    const reservation = new Reservation(bytes, {
      grow: (needed) => this.#grow(needed),
      release: () => void this.#open.delete(reservation),
    })
    this.#open.add(reservation)
    return reservation
  }

  /** Bytes above the minimum that nobody was promised. */
  #left(): number {
    let promised = 0
    for (const reservation of this.#open) promised += reservation.outstanding
    return this.#look() - promised - this.#results() - this.#minMb * MIB
  }

  #grow(needed: number): number {
    const left = this.#left()
    if (left < needed) throw this.#noSpace()
    return Math.min(Math.max(needed, QUANTUM), left)
  }

  #noSpace(): RetraceError {
    return new RetraceError('no-space', {
      detail: `There is not enough free space on the server to take this upload: ${this.#minMb} MB ` +
        '(RETRACE_MIN_FREE_MB) and room for the results of tasks must stay free; try again later',
      limit: { setting: 'RETRACE_MIN_FREE_MB', value: this.#minMb, unit: 'MiB' },
    })
  }
}

/** What one upload was promised. It gives back what is left of that when it is disposed. */
export class Reservation implements Disposable {
  readonly #ledger: { grow: (needed: number) => number; release: () => void }
  #promised: number
  #inFlight = 0

  constructor(bytes: number, ledger: { grow: (needed: number) => number; release: () => void }) {
    this.#promised = bytes
    this.#ledger = ledger
  }

  /** Bytes that are promised and not on the file system yet. */
  get outstanding(): number {
    return this.#promised + this.#inFlight
  }

  /** To be called before `bytes` are written; `settle` after. Throws no-space when that would go below the minimum. */
  take(bytes: number): void {
    if (bytes > this.#promised) this.#promised += this.#ledger.grow(bytes - this.#promised)
    this.#promised -= bytes
    this.#inFlight += bytes
  }

  /** The write that `take` was for has ended: the file system counts those bytes itself from here on. */
  settle(bytes: number): void {
    this.#inFlight -= bytes
  }

  [Symbol.dispose](): void {
    this.#promised = 0
    this.#inFlight = 0
    this.#ledger.release()
  }
}

/** What a failed write means to a caller: no-space where the file system is full after all, else the cause itself. */
export function outOfSpace(cause: unknown): unknown {
  const errno = errnoOf(cause)
  if (errno !== 'ENOSPC' && errno !== 'EDQUOT' && errno !== 'EFBIG') return cause
  return new RetraceError('no-space', {
    detail: 'The server has no space left for this upload; try again later',
    cause,
  })
}
