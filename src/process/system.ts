/**
 * What a program of this system needs to run behind the wall: its file, the loader and the libraries, and none of the
 * other programs, settings and data of the machine.
 */
import { existsSync, lstatSync, readlinkSync } from 'node:fs'
import { ProgramError } from './error.ts'
import type { InsideProgram } from './programs.ts'
import { findProgram } from './search_path.ts'
import type { Bind, Link, Sandbox } from './wall.ts'

const LIBRARIES = ['/usr/lib', '/usr/lib32', '/usr/lib64', '/usr/libx32', '/lib', '/lib32', '/lib64', '/libx32']

/** The folders of libraries as they are on this system, bound or linked, and the programs at their own paths. */
function seesPrograms(...paths: string[]): { binds: Bind[]; links: Link[] } {
  const found = LIBRARIES.filter((path) => existsSync(path)).map((path) => ({
    path,
    target: lstatSync(path).isSymbolicLink() ? readlinkSync(path) : undefined,
  }))
  return {
    binds: [...found.filter(({ target }) => target === undefined).map(({ path }) => path), ...paths]
      .map((path) => ({ from: path, at: path })),
    links: found.flatMap(({ path, target }) => (target === undefined ? [] : [{ path, target }])),
  }
}

/** The sandbox of a program of this system. Throws ProgramError 'not-started' where it is not installed. */
export function systemSandbox(
  program: InsideProgram,
  { args, path = findProgram(program), binds = [], ...rest }:
    & Omit<Sandbox, 'runs' | 'words' | 'binds' | 'links'>
    & { args: readonly string[]; path?: string | undefined; binds?: readonly Bind[] },
): Sandbox {
  if (path === undefined) throw new ProgramError('not-started', `${program} cannot be started: is it installed?`)
  const sees = seesPrograms(path)
  return { ...rest, runs: [program], words: [path, ...args], binds: [...sees.binds, ...binds], links: sees.links }
}
