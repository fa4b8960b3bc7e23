/** Starts a program of the table outside the wall: only those whose row says that they read no stranger's bytes. */
import type { OutsideProgram } from './programs.ts'
import { Running, type StartOptions } from './start.ts'

export interface OutsideOptions extends StartOptions {
  /** The kernel kills it when the thread that started it ends, and so with this process (PR_SET_PDEATHSIG). */
  diesWithUs?: boolean
}

/** `words`: its file or name, and its arguments. Never throws: a program that cannot be started has ended at once. */
export function startOutside(
  program: OutsideProgram,
  words: readonly [string, ...string[]],
  { diesWithUs = false, ...options }: OutsideOptions = {},
): Running {
  if (!diesWithUs) return new Running({ title: program, words }, options)
  return new Running({
    title: program,
    words: ['setpriv', '--pdeathsig', 'KILL', '--', ...words],
    through: { programs: ['setpriv', 'prlimit', 'nice', 'env'], what: `The start of ${program}` },
  }, options)
}
