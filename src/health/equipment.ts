/**
 * Whether what every task needs is there at all: asked before each upload, so it only looks for files, and at the limits of
 * this process. Whether programs work, the looks of `--check` and `/readyz` find out.
 */
import type { Config } from '../config/config.ts'
import { DEBUGGERS, engineFolders, systemDebugger } from '../process/debuggers.ts'
import { lowLimits } from '../process/own_limits.ts'
import { findProgram, STARTERS } from '../process/search_path.ts'
import { largestLimits } from '../process/trial.ts'
import { limitsOfTasks } from './sandbox.ts'

type Settings = Pick<Config, 'engineDir' | 'taskMemoryMb' | 'taskTimeoutS'>

/** What is missing, in a few words each. */
export function whatIsMissing(config: Settings): string[] {
  const hasDebugger = systemDebugger() !== undefined || engineFolders(config.engineDir).length > 0
  const programs = [
    ...STARTERS.filter((name) => findProgram(name) === undefined),
    ...(hasDebugger ? [] : [DEBUGGERS[0]]),
  ]
  return [
    ...programs.map((name) => `${name} is not installed`),
    ...lowLimits(largestLimits(limitsOfTasks(config))),
  ]
}
