/** Which signal ended the process of a core. Pure. */
import type { Core } from './core.ts'

/**
 * What the threads' notes say (pr_cursig); 0: none, the process was alive when its core was made. NT_SIGINFO decides
 * nothing: a debugger that makes a core writes there how it stopped the process.
 */
export function signalOf({ threads }: Pick<Core, 'threads'>): number {
  return threads.find(({ signal }) => signal !== 0)?.signal ?? 0
}
