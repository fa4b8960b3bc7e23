/**
 * The debuggers of this machine: the one look-up of server, worker and checks. The system's gdb, and the folders that
 * ops/engine made; whether one of those fits a core, the worker decides.
 */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram } from './search_path.ts'

/** Multi-target first: the plain one knows its own machine's cores alone. */
export const DEBUGGERS = ['gdb-multiarch', 'gdb'] as const

export type Debugger = (typeof DEBUGGERS)[number]

/** A folder of RETRACE_ENGINE_DIR that has a debugger: SUITE-ARCHITECTURE. */
export interface EngineFolder {
  readonly root: string
  readonly suite: string
  readonly architecture: string
  readonly program: Debugger
}

/** The system's own; undefined where there is none. */
export function systemDebugger(): { name: Debugger; path: string } | undefined {
  for (const name of DEBUGGERS) {
    const path = findProgram(name)
    if (path !== undefined) return { name, path }
  }
  return undefined
}

/** Those that are whole, by name; none where the folder cannot be read. */
export function engineFolders(engineDir: string): EngineFolder[] {
  return namesIn(engineDir).sort().flatMap((folder) => {
    const [, suite, architecture] = /^([a-z][a-z0-9-]*)-([a-z0-9]+)$/.exec(folder) ?? []
    const root = join(engineDir, folder)
    const program = DEBUGGERS.find((each) => existsSync(join(root, 'usr', 'bin', each)))
    if (suite === undefined || architecture === undefined || program === undefined) return []
    return [{ root, suite, architecture, program }]
  })
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
