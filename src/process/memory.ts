/**
 * How much memory processes hold, and how much there is: the one measure, what /proc/PID/status and MemAvailable say, which the
 * kernel gives in kB. Never pages, whose size is 4 KiB on one machine and 64 on the next.
 */
import { childrenOf, kilobytes, procText } from './proc.ts'

const MAX_PROCESSES = 256

/** Places for descriptors that every process has, used or not. */
const USUAL_DESCRIPTORS = 64
/**
 * For each further one: a pipe of two descriptors holds two pages once its user has 64 MiB in pipes (pipe(7),
 * /proc/sys/fs/pipe-user-pages-soft), and none behind the wall may be made larger (system_calls.ts).
 */
const DESCRIPTOR_KB = 4

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

/** What a process and all its descendants hold, in MiB; 0 once they have ended. */
export function residentMb(pid: number): number {
  let sum = 0
  for (const each of processTree(pid)) sum += residentKb(procText(`${each}/status`))
  return sum / 1024
}

/**
 * The same where processes share pages that they may write to, as a fork does: each page once, as far as this process may look at that
 * (PTRACE_MODE_READ). It takes the kernel a walk through all of their memory.
 */
export function heldMb(pid: number): number {
  let sum = 0
  for (const each of processTree(pid)) {
    const status = procText(`${each}/status`)
    const shared = procText(`${each}/smaps_rollup`)
    const share = kilobytes(shared, 'Pss')
    sum += share === undefined ? residentKb(status) : share + (kilobytes(shared, 'SwapPss') ?? 0) + besidesKb(status)
  }
  return sum / 1024
}

/**
 * What a /proc/PID/status says that its process holds: resident memory, what of it was swapped out, page tables, and what there
 * may be in pipes. One that has ended, and a thread of the kernel, have nothing.
 */
export function residentKb(status: string): number {
  const resident = kilobytes(status, 'VmRSS')
  return resident === undefined ? 0 : resident + (kilobytes(status, 'VmSwap') ?? 0) + besidesKb(status)
}

/** Beside its pages: what leads to them, and what there may be in pipes. */
function besidesKb(status: string): number {
  const descriptors = Number(/^FDSize:\s+([0-9]+)$/m.exec(status)?.[1] ?? 0)
  return (kilobytes(status, 'VmPTE') ?? 0) + Math.max(0, descriptors - USUAL_DESCRIPTORS) * DESCRIPTOR_KB
}

/** What new programs can have without swapping, in MiB (MemAvailable); Infinity where the kernel does not say. */
export function availableMb(meminfo: string = procText('meminfo')): number {
  return (kilobytes(meminfo, 'MemAvailable') ?? Infinity) / 1024
}
