/**
 * Starts a program of the table on the machine of the one whose program crashed: `retrace` runs there as that person, and
 * these read that machine's own files.
 */
import type { SenderProgram } from './programs.ts'
import { Running, type StartOptions } from './start.ts'

/** Never throws: a program that cannot be started has ended at once. */
export function startForSender(
  program: SenderProgram,
  words: readonly [string, ...string[]],
  options: StartOptions = {},
): Running {
  return new Running({ title: program, words }, options)
}
