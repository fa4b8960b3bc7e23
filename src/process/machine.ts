/**
 * Whether something failed for want of what this machine has: processes, memory, descriptors, room on a disk. Programs of others
 * have no codes for that; they say what the C library says of an errno (strerror(3)), in the locale that start.ts gives them.
 */
import { isDiskFull, isOfMachine } from '../errors/errno.ts'
import { ProgramError } from './error.ts'

/**
 * What follows from such words may only be that something is tried again soon: programs say what they read, and it can read like this.
 * EAGAIN, ENOMEM, EMFILE, ENFILE, ENOSPC, EDQUOT, EIO, in glibc's words; and what libraries make of ENOMEM.
 */
const WORDS = [
  'Resource temporarily unavailable',
  'Cannot allocate memory',
  'Too many open files',
  'Too many open files in system',
  'No space left on device',
  'Disk quota exceeded',
  'Input/output error',
  'out of memory',
  'Out of memory',
]
/** By which the kernel, or somebody, ends what does nothing wrong; by others a program ends over what it reads. */
const FROM_OUTSIDE = new Set(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'])

/** What this machine lacked, where an error tells of that: of the system, or of a program that ended by itself. */
export function lackOf(error: unknown): 'no-space' | 'machine' | undefined {
  if (isDiskFull(error)) return 'no-space'
  if (isOfMachine(error)) return 'machine'
  if (!(error instanceof ProgramError)) return undefined
  const { kind, signal, complaint } = error
  if (kind === 'not-started' || kind === 'not-ended') return 'machine'
  // As a rule it was the kernel, which had no memory left.
  if (kind === 'killed' && signal !== undefined && FROM_OUTSIDE.has(signal)) return 'machine'
  return (kind === 'failed' || kind === 'killed') && tellsOfMachine(complaint) ? 'machine' : undefined
}

/** Whether a line of what a program said ends in such words. */
export function tellsOfMachine(said: string): boolean {
  return said.split('\n').some((line) => WORDS.some((words) => line.trimEnd().replace(/[.)]$/, '').endsWith(words)))
}
