/** Processor time of this process: a limit on work that holds on a machine that is busy with other things, too. */
import { cpuUsage } from 'node:process'

/** Milliseconds of processor time that `work` took. */
export function cpuMilliseconds(work: () => void): number {
  const before = cpuUsage()
  work()
  const { user, system } = cpuUsage(before)
  return (user + system) / 1000
}
