/**
 * Whether what every task needs is there at all: asked before each upload, so it only looks for files, at the limits of this
 * process, and whether database and store take a small file. Whether programs work, the looks of `--check` and `/readyz` find out.
 */
import { dirname } from 'node:path'
import type { Config } from '../config/config.ts'
import { DEBUGGERS, nativeEngines, systemDebugger } from '../process/debuggers.ts'
import { lowLimits } from '../process/own_limits.ts'
import { whyNoFiles } from '../files/probe.ts'
import { findProgram, STARTERS } from '../process/search_path.ts'
import { largestLimits } from '../process/trial.ts'
import { limitsOfTasks } from './sandbox.ts'
import { whyNoRepositories, whyNothingIsKept } from './store.ts'

type Settings = Pick<Config, 'engineDir' | 'taskMemoryMb' | 'taskTimeoutS'>

/** What is missing, in a few words each. */
export function whatIsMissing(config: Settings): string[] {
  const hasDebugger = systemDebugger() !== undefined || nativeEngines(config.engineDir).length > 0
  const programs = [
    ...STARTERS.filter((name) => findProgram(name) === undefined),
    ...(hasDebugger ? [] : [DEBUGGERS[0]]),
  ]
  return [
    ...programs.map((name) => `${name} is not installed`),
    ...lowLimits(largestLimits(limitsOfTasks(config))),
  ]
}

/** Whose folder takes no files, or whether there are no repositories, as anybody may know it; the spool is tried by the upload itself. */
export async function whatTakesNothing(
  config: Pick<Config, 'database' | 'repoDir' | 'reposD'>,
): Promise<{ code: 'database-unavailable' | 'store-unavailable'; text: string } | undefined> {
  const why = await whyNoFiles(dirname(config.database))
  // One that is gone is told of by who asks it for a number.
  if (why !== undefined && why !== 'ENOENT') {
    return { code: 'database-unavailable', text: `RETRACE_DATABASE cannot be written to (${why})` }
  }
  const refusal = await whyNothingIsKept(config.repoDir) ?? whyNoRepositories(config.reposD)
  return refusal?.verdict !== 'FAIL' ? undefined : { code: 'store-unavailable', text: refusal.text }
}
