/**
 * Processes as the database and the spool name them, so that what they hold ends with them: host, number and start
 * time, since a number is used again and both together are not. The question here is whether one still runs.
 */
import { hostname } from 'node:os'
import { pid } from 'node:process'
import { statOf } from './proc.ts'
import { unixSeconds } from '../units/time.ts'

export interface ProcessName {
  host: string
  pid: number
  /** Clock ticks since boot (proc(5), stat field 22). */
  started: string
}

export function thisProcess(): ProcessName {
  return { host: hostname(), pid, started: startOf(pid) ?? '' }
}

/** Whether it runs. A process of another host counts as running until the time that it announced (Unix seconds). */
export function isRunning({ host, pid: other, started, until }: ProcessName & { until: number }): boolean {
  if (host !== hostname()) return until > unixSeconds()
  return startOf(other) === started
}

/** The start time of the process with this number, in clock ticks since boot; undefined when there is none, or it is dying. */
export function startOf(other: number): string | undefined {
  const stat = statOf(other)
  return stat?.isDead === false ? stat.started : undefined
}
