/** Whose fault the end of a program was that makes something of debuginfo: what is the machine's is tried again, what is the file's is remembered. Pure. */
import { constants } from 'node:os'
import type { End } from '../../../src/process/start.ts'

/** `isOverMemory`: by what the kernel says of its control group. */
export type Ended = Pick<End, 'code' | 'signal' | 'failure'> & { readonly isOverMemory?: boolean }

/** The exit code by which bubblewrap tells of SIGKILL. */
const KILLED = 128 + constants.signals.SIGKILL

/** It never ran, or was ended by somebody else than us and the limit of its memory. */
export function isOfMachine({ failure, code, signal, isOverMemory = false }: Ended): boolean {
  if (failure !== undefined) return failure.kind === 'not-started' || failure.kind === 'not-ended'
  return !isOverMemory && (signal === 'SIGKILL' || code === KILLED)
}
