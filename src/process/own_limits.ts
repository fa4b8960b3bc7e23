/** What the supervisor of this process allows it (getrlimit(2)), against what sandboxes ask for. */
import { procText } from './proc.ts'
import type { Limits } from './wall.ts'

/** As /proc/PID/limits calls them, how an administrator sets them, and what of a sandbox needs them. */
const ROWS = [
  { name: 'Max open files', setting: 'LimitNOFILE', asked: ({ openFiles }: Limits) => openFiles },
  { name: 'Max address space', setting: 'LimitAS', asked: ({ addressSpace }: Limits) => addressSpace },
  { name: 'Max file size', setting: 'LimitFSIZE', asked: ({ fileBytes }: Limits) => fileBytes },
  { name: 'Max cpu time', setting: 'LimitCPU', asked: ({ cpuS }: Limits) => cpuS },
]
/** CAP_SYS_RESOURCE of capabilities(7): who has it raises limits. */
const MAY_RAISE = 1n << 24n

/** Those that are too low, in a few words each: `LimitNOFILE is 256, and sandboxes need 1024`. */
export function lowLimits(
  wanted: Limits,
  { limits = procText('self/limits'), status = procText('self/status') }: { limits?: string; status?: string } = {},
): string[] {
  const capabilities = /^CapEff:\s+([0-9a-f]+)$/m.exec(status)?.[1]
  if (capabilities !== undefined && (BigInt(`0x${capabilities}`) & MAY_RAISE) !== 0n) return []
  return ROWS.flatMap(({ name, setting, asked }) => {
    // Name, soft limit, hard limit, unit.
    const hard = new RegExp(`^${name}\\s+\\S+\\s+([0-9]+)\\b`, 'm').exec(limits)?.[1]
    const least = asked(wanted)
    return hard === undefined || Number(hard) >= least ? [] : [`${setting} is ${hard}, and sandboxes need ${least}`]
  })
}
