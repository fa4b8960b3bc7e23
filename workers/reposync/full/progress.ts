/** How far a fetch of everything is: a bar for a person at a terminal, else a log line every some seconds. */
import { stderr } from 'node:process'
import cliProgress from 'cli-progress'
import { log } from '../../../src/telemetry/log.ts'
import { MIB } from '../../../src/units/bytes.ts'
import { count } from '../../../src/text/count.ts'

const BAR = '{bar} {percentage}% | {here} of {all} packages | {value} of {total} MB | {rate} MB/s | {left} left'

export interface Total {
  packages: number
  bytes: number
}

/** A package's share of the progress. */
export interface Part {
  received(bytes: number): void
  /** The package is here, or will not come. */
  ended(isHere: boolean): void
  /** It will be tried again. */
  putOff(): void
}

export class Progress implements Disposable {
  readonly #total: Total
  readonly #started = performance.now()
  readonly #timer: ReturnType<typeof setInterval>
  readonly #bar: cliProgress.SingleBar | undefined
  #done = 0
  #failed = 0
  /** Bytes of the total that have come, or will never come. */
  #bytes = 0
  #received = 0

  constructor(total: Total, { isTerminal = stderr.isTTY === true, intervalMs = 10_000 } = {}) {
    this.#total = total
    if (isTerminal) {
      this.#bar = new cliProgress.SingleBar({ format: BAR, stream: stderr, hideCursor: true, barsize: 24 })
      this.#bar.start(round(total.bytes), 0, this.#payload())
    }
    this.#timer = setInterval(() => this.#show(), isTerminal ? 500 : intervalMs)
    this.#timer.unref()
  }

  get done(): number {
    return this.#done
  }

  get failed(): number {
    return this.#failed
  }

  /** A package of `size` bytes is begun. */
  begin(size: number): Part {
    let received = 0
    const end = (bytes: number) => this.#bytes += bytes - received
    return {
      received: (bytes) => {
        received += bytes
        this.#bytes += bytes
        this.#received += bytes
      },
      ended: (isHere) => {
        end(size)
        if (isHere) this.#done++
        else this.#failed++
      },
      putOff: () => end(0),
    }
  }

  #payload() {
    const seconds = (performance.now() - this.#started) / 1000
    const rate = this.#received / MIB / Math.max(seconds, 0.001)
    const share = this.#bytes / Math.max(this.#total.bytes, 1)
    const left = share > 0.005 ? duration(seconds / share - seconds) : 'unknown time'
    return { here: this.#done, all: this.#total.packages, rate: rate.toFixed(1), left }
  }

  /** One line: `full: 12 of 340 packages, 20.1 of 812.0 MB, 3.1 MB/s, 0 failed, about 4 min left`. */
  line(): string {
    const { rate, left } = this.#payload()
    return `full: ${this.#done} of ${count(this.#total.packages, 'package')}, ${(this.#bytes / MIB).toFixed(1)} of ` +
      `${(this.#total.bytes / MIB).toFixed(1)} MB, ${rate} MB/s, ${this.#failed} failed, about ${left} left`
  }

  #show(): void {
    if (this.#bar === undefined) log('reposync').info(this.line())
    else this.#bar.update(round(this.#bytes), this.#payload())
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    this.#bar?.update(round(this.#bytes), this.#payload())
    this.#bar?.stop()
  }
}

function round(bytes: number): number {
  return Math.round(bytes / MIB * 10) / 10
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`
  return seconds < 5400 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`
}
