/** The room that results of tasks need in the spool's file system, which uploads leave to them. Pure. */
import type { Config } from '../config/config.ts'
import { KIB } from '../units/bytes.ts'
import type { Load } from './options.ts'
import { placesToGoOn } from './places.ts'

/** The text, and the same as JSON with its registers and modules, and as Markdown. */
const FORMS = 3
/** Of the whole file system, so that a small one still takes uploads. */
const MOST = 1 / 64

/**
 * Bytes. Those that run write results, and those that arrive soon do; each that ends gives back its core, so those that wait
 * behind them need none of their own. `all`: bytes of the file system.
 */
export function resultsRoom(
  { running, queued, uploading, goingOn }: Load,
  { maxRunningTasks, maxBacktraceKb }: Pick<Config, 'maxRunningTasks' | 'maxBacktraceKb'>,
  all: number,
): number {
  const writers = Math.min(running + queued + uploading, maxRunningTasks) +
    Math.min(goingOn, placesToGoOn(maxRunningTasks))
  return Math.min(writers * FORMS * maxBacktraceKb * KIB, all * MOST)
}
