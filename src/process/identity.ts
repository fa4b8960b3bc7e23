/**
 * Processes as the database names them, so that what they hold ends with them: host, pid and start time, since a pid is
 * used again and both together are not. Owns the question whether one still runs; what it holds is its caller's.
 */
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { kill, pid } from 'node:process'

export interface ProcessName {
  host: string
  pid: number
  /** Clock ticks since boot (proc(5), stat field 22). */
  started: string
}

/** This process. */
export function thisProcess(): ProcessName {
  return { host: hostname(), pid, started: startOf(pid) ?? '' }
}

/** Whether it runs: on this host the process decides, elsewhere the time until which it was going to (Unix seconds). */
export function isRunning({ host, pid, started, until }: ProcessName & { until: number }): boolean {
  if (host !== hostname()) return until > Math.floor(Date.now() / 1000)
  return isAlive(pid) && (startOf(pid) ?? '') === started
}

function isAlive(other: number): boolean {
  try {
    kill(other, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** Field 22 of /proc/PID/stat; the name in field 2 may hold spaces and parentheses. Undefined without /proc. */
function startOf(process: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${process}/stat`, 'latin1')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch (error) {
    if (error instanceof Error && 'code' in error) return undefined
    throw error
  }
}
