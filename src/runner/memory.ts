/**
 * Whether one more task fits into memory beside those that run.
 * Reads /proc; where there is none, every task fits.
 */
import { readdirSync, readFileSync } from 'node:fs'

/** What the decision needs, all in MiB. */
export interface MemoryUse {
  available: number
  /** Resident memory of each running task, its children included. */
  running: number[]
}

/**
 * A task fits when what is available covers its own limit and what the running ones may still grow by.
 * At least one always runs: with none running, every task fits.
 */
export function fits(use: MemoryUse, limitMb: number): boolean {
  if (use.running.length === 0) return true
  const growth = use.running.reduce((sum, used) => sum + Math.max(0, limitMb - used), 0)
  return use.available >= growth + limitMb
}

/** MemAvailable, and the resident memory under each of the processes `roots`. */
export function memoryUse(roots: number[]): MemoryUse {
  const available = Number(/^MemAvailable:\s+([0-9]+) kB$/m.exec(read('/proc/meminfo'))?.[1] ?? Infinity) / 1024
  if (roots.length === 0) return { available, running: [] }
  const processes = listProcesses()
  return { available, running: roots.map((root) => treeMemory(processes, root)) }
}

interface Process {
  pid: number
  parent: number
  residentMb: number
}

function listProcesses(): Process[] {
  return readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name)).flatMap((name) => {
    const status = read(`/proc/${name}/status`)
    const parent = /^PPid:\s+([0-9]+)$/m.exec(status)?.[1]
    const resident = /^VmRSS:\s+([0-9]+) kB$/m.exec(status)?.[1]
    return parent === undefined
      ? []
      : [{ pid: Number(name), parent: Number(parent), residentMb: Number(resident ?? 0) / 1024 }]
  })
}

function treeMemory(processes: Process[], root: number): number {
  const family = new Set([root])
  let total = 0
  // A child's number may be lower than its parent's: go round until nobody is added.
  for (let before = 0; before !== family.size;) {
    before = family.size
    for (const process of processes) if (family.has(process.parent)) family.add(process.pid)
  }
  for (const process of processes) if (family.has(process.pid)) total += process.residentMb
  return total
}

/** The text of a file of /proc, or '' when it has gone, as a process does between two looks. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
