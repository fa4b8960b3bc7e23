/**
 * Whether the programs that every task needs are there at all: asked before each upload, so it only looks for files. Whether
 * they work, the looks of `--check` and `/readyz` find out.
 */
import { readdirSync } from 'node:fs'
import type { Config } from '../config/config.ts'
import { findProgram, STARTERS } from '../process/search_path.ts'

const DEBUGGERS = ['gdb-multiarch', 'gdb']

/** The names of those that are missing. */
export function missingPrograms({ engineDir }: Pick<Config, 'engineDir'>): string[] {
  const hasDebugger = DEBUGGERS.some((name) => findProgram(name) !== undefined) || hasEngines(engineDir)
  return [...STARTERS.filter((name) => findProgram(name) === undefined), ...(hasDebugger ? [] : [DEBUGGERS[0] ?? ''])]
}

function hasEngines(engineDir: string): boolean {
  try {
    return readdirSync(engineDir).length > 0
  } catch {
    return false
  }
}
