/** How much private memory a worker may have itself: by what it is told, and not by what its debugger may have. Pure. */
import type { Config } from '../config/config.ts'
import { KIB } from '../units/bytes.ts'

/** What it needs whatever it is told, in MiB: Node, the index, the core's headers. */
const LEAST_MB = 1024
/** Times the text of a backtrace: what a debugger says is twelve times that at most, and is held as text and as frames. */
const PER_TEXT = 32

/** In MiB. */
export function workerMemoryMb({ maxBacktraceKb }: Pick<Config, 'maxBacktraceKb'>): number {
  return LEAST_MB + Math.ceil(PER_TEXT * maxBacktraceKb / KIB)
}
