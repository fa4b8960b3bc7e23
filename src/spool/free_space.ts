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

/** Room for what is about to be written, wherever the account of it is kept. */
export interface Room {
  /** To be waited for before up to `bytes` are taken; undefined: there is nothing to wait for. Never throws. */
  request(bytes: number): Promise<void> | undefined
  /** To be called before `bytes` are written; `settle` after. Throws no-space when that would go below the minimum. */
  take(bytes: number): void
  /** The write that `take` was for has ended: the file system counts those bytes itself from here on. */
  settle(bytes: number): void
}

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
    if (this.#left() < bytes) throw noSpace(this.#minMb)
    return this.restore(bytes)
  }

  /** Promises what an earlier server had promised: whether there is room was decided then. */
  restore(bytes: number): Reservation {
    const reservation = new Reservation(bytes, {
      minFreeMb: this.#minMb,
      grow: (wanted) => Math.min(Math.max(wanted, QUANTUM), Math.max(this.#left(), 0)),
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
}

/** The 507 where uploads together would take what has to stay free. */
export function noSpace(minFreeMb: number): RetraceError {
  return new RetraceError('no-space', {
    detail: `There is not enough free space on the server to take this upload: ${minFreeMb} MB ` +
      '(RETRACE_MIN_FREE_MB) and room for the results of tasks must stay free; try again later',
    limit: { setting: 'RETRACE_MIN_FREE_MB', value: minFreeMb, unit: 'MiB' },
  })
}

/** Who keeps the account: `grow` promises so many bytes more, or as many as there are. */
interface Ledger {
  minFreeMb: number
  grow: (wanted: number) => number
  release: () => void
}

/** What one upload was promised. It gives back what is left of that when it is disposed. */
export class Reservation implements Room, Disposable {
  readonly #ledger: Ledger
  #promised: number
  #inFlight = 0

  constructor(bytes: number, ledger: Ledger) {
    this.#promised = bytes
    this.#ledger = ledger
  }

  /** Bytes that are promised and not on the file system yet. */
  get outstanding(): number {
    return this.#promised + this.#inFlight
  }

  request(): undefined {}

  take(bytes: number): void {
    if (bytes > this.#promised) {
      const missing = bytes - this.#promised
      const more = this.#ledger.grow(missing)
      if (more < missing) throw noSpace(this.#ledger.minFreeMb)
      this.#promised += more
    }
    this.#promised -= bytes
    this.#inFlight += bytes
  }

  settle(bytes: number): void {
    this.#inFlight -= bytes
  }

  /** Lends all that is promised to another thread (lent_room.ts): it settles that, or gives it back. */
  lend(): number {
    const bytes = this.#promised
    this.take(bytes)
    return bytes
  }

  /** Lends `wanted` bytes more, or as many as there are. */
  lendMore(wanted: number): number {
    const bytes = this.#ledger.grow(wanted)
    this.#inFlight += bytes
    return bytes
  }

  giveBack(bytes: number): void {
    this.#inFlight -= bytes
    this.#promised += bytes
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
