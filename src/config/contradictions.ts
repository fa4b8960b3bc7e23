/** Settings that can each be used, and do not go together: worth a warning. Pure. */
import type { Config } from './config.ts'

/** A sentence for each, without its full stop. `memoryMb`: of the machine. */
export function contradictions(
  config: Pick<Config, 'maxPackedMb' | 'maxUnpackedMb' | 'taskMemoryMb'>,
  memoryMb: number,
): string[] {
  const { maxPackedMb, maxUnpackedMb, taskMemoryMb } = config
  return [
    ...(maxPackedMb > maxUnpackedMb
      ? [
        `RETRACE_MAX_PACKED_MB is ${maxPackedMb}, more than an upload may unpack to (RETRACE_MAX_UNPACKED_MB, ${maxUnpackedMb})`,
      ]
      : []),
    ...(taskMemoryMb > memoryMb
      ? [`RETRACE_TASK_MEMORY_MB is ${taskMemoryMb}, more than the ${memoryMb} MiB that this machine has`]
      : []),
  ]
}
