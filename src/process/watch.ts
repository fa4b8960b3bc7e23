/** A look at a program that runs, again and again: what a limit of the kernel does not tell of is seen so. */
import type { ProgramError } from './error.ts'
import type { Running } from './start.ts'

/** Ends the program for what `look` finds, every so many ms until it has ended. It keeps nobody from ending. */
export function watch(running: Running, everyMs: number, look: (pid: number) => ProgramError | undefined): void {
  const { pid } = running
  if (pid === undefined) return
  const timer = setInterval(() => {
    const why = look(pid)
    if (why !== undefined) running.stop(why)
  }, everyMs)
  timer.unref()
  running.ended.finally(() => clearInterval(timer))
}
