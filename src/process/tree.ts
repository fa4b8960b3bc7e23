/**
 * What runs below a process, and how much memory it holds: from /proc. Owns these readings; refuses to fail when a
 * process ends while it is looked at.
 */
import { readFileSync } from 'node:fs'

const MAX_PROCESSES = 256
const PAGE_KB = 4

/** `pid` and all its descendants, parents before children. */
export function processTree(pid: number): number[] {
  const found = [pid]
  for (let index = 0; index < found.length && found.length < MAX_PROCESSES; index++) {
    const parent = found[index]
    const children = read(`/proc/${parent}/task/${parent}/children`)
    for (const child of children.split(' ')) if (child !== '') found.push(Number(child))
  }
  return found
}

/** Resident memory of some processes together, in MiB. */
export function residentMb(pids: readonly number[]): number {
  let kilobytes = 0
  for (const pid of pids) kilobytes += residentKb(pid)
  return kilobytes / 1024
}

function residentKb(pid: number): number {
  const resident = read(`/proc/${pid}/statm`).split(' ')[1]
  return resident === undefined ? 0 : Number(resident) * PAGE_KB
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return '' // the process has ended
  }
}
