/**
 * The debuggers of this machine: the one look-up of server, worker and checks. The system's gdb, and the folders that
 * ops/engine made; whether one of those fits a core, the worker decides.
 */
import { closeSync, existsSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { execPath } from 'node:process'
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

/** Of those, the ones that this machine runs as they are: what the name of a folder says of its architecture is not asked. */
export function nativeEngines(engineDir: string): EngineFolder[] {
  const own = kindOf(execPath)
  return engineFolders(engineDir).filter(({ root, program }) => kindOf(join(root, 'usr', 'bin', program)) === own)
}

/** Class, byte order and e_machine of a program (gABI, chapter 4, 'ELF Header'); empty: it is no program that can be read. */
function kindOf(path: string): string {
  const header = new Uint8Array(20)
  let descriptor: number | undefined
  try {
    descriptor = openSync(path, 'r')
    readSync(descriptor, header, 0, header.length, 0)
  } catch {
    return ''
  } finally {
    if (descriptor !== undefined) closeSync(descriptor)
  }
  return header[0] === 0x7f ? [header[4], header[5], header[18], header[19]].join(' ') : ''
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
