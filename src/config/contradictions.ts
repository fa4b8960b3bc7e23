/** Settings that can each be used, and do not go together: worth a warning. Pure. */
import { relative } from 'node:path'
import { KIB, MIB } from '../units/bytes.ts'
import type { Config } from './config.ts'

type Compared = Pick<
  Config,
  | 'maxPackedMb'
  | 'maxUnpackedMb'
  | 'maxFileKb'
  | 'taskMemoryMb'
  | 'taskTimeoutS'
  | 'defaultEstTimeS'
  | 'port'
  | 'metricsPort'
  | 'spoolDir'
  | 'repoDir'
  | 'engineDir'
>

/** A sentence for each, without its full stop. `memory`: of the machine, in bytes. */
export function contradictions(config: Compared, memory: number): string[] {
  return RULES.map((rule) => rule(config, Math.floor(memory / MIB))).filter((sentence) => sentence !== undefined)
}

type Rule = (config: Compared, memoryMb: number) => string | undefined

const RULES: readonly Rule[] = [
  ({ maxPackedMb, maxUnpackedMb }) =>
    maxPackedMb > maxUnpackedMb
      ? `RETRACE_MAX_PACKED_MB is ${maxPackedMb}, more than an upload may unpack to (RETRACE_MAX_UNPACKED_MB, ${maxUnpackedMb})`
      : undefined,
  ({ maxFileKb, maxUnpackedMb }) =>
    maxFileKb * KIB > maxUnpackedMb * MIB
      ? `RETRACE_MAX_FILE_KB is ${maxFileKb}, more than an upload may unpack to (RETRACE_MAX_UNPACKED_MB, ${maxUnpackedMb})`
      : undefined,
  ({ taskMemoryMb }, memoryMb) =>
    taskMemoryMb > memoryMb
      ? `RETRACE_TASK_MEMORY_MB is ${taskMemoryMb}, more than the ${memoryMb} MiB that this machine has`
      : undefined,
  ({ defaultEstTimeS, taskTimeoutS }) =>
    defaultEstTimeS > taskTimeoutS
      ? `RETRACE_DEFAULT_EST_TIME_S is ${defaultEstTimeS}, more than a task may take (RETRACE_TASK_TIMEOUT_S, ${taskTimeoutS})`
      : undefined,
  ({ port, metricsPort }) =>
    port !== 0 && port === metricsPort ? `RETRACE_METRICS_PORT is ${port}, as RETRACE_PORT is` : undefined,
  ({ spoolDir, repoDir }) => overlap(['RETRACE_SPOOL_DIR', spoolDir], ['RETRACE_REPO_DIR', repoDir]),
  ({ spoolDir, engineDir }) => overlap(['RETRACE_SPOOL_DIR', spoolDir], ['RETRACE_ENGINE_DIR', engineDir]),
  ({ repoDir, engineDir }) => overlap(['RETRACE_REPO_DIR', repoDir], ['RETRACE_ENGINE_DIR', engineDir]),
]

/** Two folders of which one is the other, or lies in it: what one program tidies up there is the other's. */
function overlap(one: [name: string, path: string], other: [name: string, path: string]): string | undefined {
  const [inner, outer] = isWithin(one[1], other[1]) ? [one, other] : [other, one]
  if (!isWithin(inner[1], outer[1])) return undefined
  const how = relative(outer[1], inner[1]) === '' ? 'the same folder as' : 'a folder within'
  return `${inner[0]} is ${how} ${outer[0]} (${outer[1]}): give each its own`
}

function isWithin(path: string, folder: string): boolean {
  return !/^\.\.(?:\/|$)/.test(relative(folder, path))
}
