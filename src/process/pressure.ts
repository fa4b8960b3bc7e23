/**
 * Whether there is a processor to spare, by what the kernel says of those that run now, and of those that waited for a processor before
 * (proc(5), /proc/loadavg; pressure stall information, Documentation/accounting/psi.rst of Linux).
 */
import { availableParallelism } from 'node:os'
import { ownNiceness } from './niceness.ts'
import { procText } from './proc.ts'

/** Of the time that was looked at, in which something that could have run had to wait. */
const MAX_WAITING = 0.3
/** Less tells nothing. */
const MIN_MS = 50

/** What was seen of the processors, and of who looks; undefined: the kernel does not say. */
export interface Pressure {
  /** Milliseconds that were looked at, and those of them in which something waited. */
  readonly elapsedMs: number
  readonly waitedMs: number | undefined
  /** Threads of the machine that run now, or could: who looks is one of them. */
  readonly running: number | undefined
  readonly processors: number
  readonly niceness: number
}

/**
 * How many more programs could run, beside the one that who looks waits for, without taking a processor from somebody; at most `most`.
 * None where nobody knows, and for who stands back from others. Pure.
 */
export function toSpare({ elapsedMs, waitedMs, running, processors, niceness }: Pressure, most: number): number {
  if (waitedMs === undefined || running === undefined || elapsedMs < MIN_MS || niceness > 0) return 0
  return waitedMs / elapsedMs > MAX_WAITING ? 0 : Math.max(0, Math.min(most, processors - running))
}

/** Milliseconds since the machine's start, of /proc/pressure/cpu. */
export function waitedMs(text: string = procText('pressure/cpu')): number | undefined {
  const found = /^some .*\btotal=(\d+)$/m.exec(text)?.[1]
  return found === undefined ? undefined : Number(found) / 1000
}

/** Of /proc/loadavg. */
export function running(text: string = procText('loadavg')): number | undefined {
  const found = /^(?:\S+ ){3}(\d+)\/\d+ /.exec(text)?.[1]
  return found === undefined ? undefined : Number(found)
}

/** Looks at the processors from when it is made. */
export class ProcessorWatch {
  readonly #since = performance.now()
  readonly #before = waitedMs()

  /** As the function, by what happened since then. */
  toSpare(most: number): number {
    const after = waitedMs()
    const waited = this.#before === undefined || after === undefined ? undefined : after - this.#before
    return toSpare({
      elapsedMs: performance.now() - this.#since,
      waitedMs: waited,
      running: running(),
      processors: availableParallelism(),
      niceness: ownNiceness(),
    }, most)
  }
}
