/**
 * How much memory processes hold, and how much there is: the one measure, VmRSS and MemAvailable, which the kernel
 * gives in kB. Never pages, whose size is 4 KiB on one machine and 64 on the next.
 */
import { childrenOf, kilobytes, procText } from './proc.ts'

const MAX_PROCESSES = 256

/**
 * A process and all its descendants, parents before children; at most 256. Synchronous: some small reads of /proc for
 * each.
 */
export function processTree(pid: number): number[] {
  const found = [pid]
  for (let index = 0; index < found.length && found.length < MAX_PROCESSES; index++) {
    found.push(...childrenOf(found[index] ?? 0))
  }
  return found
}

/** Resident memory of a process and all its descendants, in MiB; 0 once they have ended. */
export function residentMb(pid: number): number {
  let sum = 0
  for (const each of processTree(pid)) sum += residentKb(procText(`${each}/status`))
  return sum / 1024
}

/** VmRSS of a /proc/PID/status; one that has ended, and a thread of the kernel, have none. */
export function residentKb(status: string): number {
  return kilobytes(status, 'VmRSS') ?? 0
}

/** What new programs can have without swapping, in MiB (MemAvailable); Infinity where the kernel does not say. */
export function availableMb(meminfo: string = procText('meminfo')): number {
  return (kilobytes(meminfo, 'MemAvailable') ?? Infinity) / 1024
}
