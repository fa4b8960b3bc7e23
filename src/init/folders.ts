/** The folders that a server needs, made where they are missing; what is there stays as it is. */
import { chmodSync, chownSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Config } from '../config/config.ts'
import { makeFolders } from '../files/folder.ts'
import type { Owner } from '../process/service_user.ts'

export type Places = Pick<Config, 'spoolDir' | 'repoDir' | 'engineDir' | 'reposD' | 'database'>

interface Wanted {
  path: string
  setting: string
  mode: number
  /** Written by the service's user; the others are the administrator's. */
  isService: boolean
}

/** Makes them; a line for each. Throws an error that names the setting where one cannot be made, or is something else. */
export function makePlaces(places: Places, owner: Owner | undefined): string[] {
  return wanted(places).map((each) => {
    try {
      return makePlace(each, owner)
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      const next = `begin as root, move away what is in the way, or let ${each.setting} name another place`
      throw new Error(`${each.path} cannot be made (${why}): ${next}`, { cause })
    }
  })
}

function makePlace({ path, mode, isService }: Wanted, owner: Owner | undefined): string {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found?.isDirectory()) return `${path} is there`
  if (found !== undefined) throw new Error('it is no folder')
  // What lies above is everybody's to look through.
  for (const made of makeFolders(path)) chmodSync(made, made === path ? mode : 0o755)
  if (isService && owner !== undefined) chownSync(path, owner.uid, owner.gid)
  return `made ${path}`
}

/** Modes and owners as ops/systemd/tmpfiles.conf has them. */
function wanted({ spoolDir, repoDir, engineDir, reposD, database }: Places): Wanted[] {
  return [
    { path: spoolDir, setting: 'RETRACE_SPOOL_DIR', mode: 0o700, isService: true },
    { path: dirname(database), setting: 'RETRACE_DATABASE', mode: 0o700, isService: true },
    { path: repoDir, setting: 'RETRACE_REPO_DIR', mode: 0o755, isService: true },
    { path: engineDir, setting: 'RETRACE_ENGINE_DIR', mode: 0o755, isService: false },
    { path: reposD, setting: 'RETRACE_REPOS_D', mode: 0o755, isService: false },
  ]
}
