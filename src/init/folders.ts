/** The folders that a server needs, made where they are missing; what is there stays as it is. */
import { chmodSync, chownSync, existsSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Config } from '../config/config.ts'
import { makeFolders } from '../files/folder.ts'
import type { Owner } from '../process/service_user.ts'

export type Places = Pick<Config, 'spoolDir' | 'repoDir' | 'engineDir' | 'reposD' | 'database'>

interface Wanted {
  path: string
  mode: number
  /** Written by the service's user; the others are the administrator's. */
  isService: boolean
}

/** Makes them; a line for each. Throws what the system says, with the path. */
export function makePlaces(places: Places, owner: Owner | undefined): string[] {
  return wanted(places).map(({ path, mode, isService }) => {
    if (existsSync(path)) return `${path} is there`
    // What lies above is everybody's to look through.
    for (const made of makeFolders(path)) chmodSync(made, made === path ? mode : 0o755)
    if (isService && owner !== undefined) chownSync(path, owner.uid, owner.gid)
    return `made ${path}`
  })
}

/** Modes and owners as ops/systemd/tmpfiles.conf has them. */
function wanted({ spoolDir, repoDir, engineDir, reposD, database }: Places): Wanted[] {
  return [
    { path: spoolDir, mode: 0o700, isService: true },
    { path: dirname(database), mode: 0o700, isService: true },
    { path: repoDir, mode: 0o755, isService: true },
    { path: engineDir, mode: 0o755, isService: false },
    { path: reposD, mode: 0o755, isService: false },
  ]
}
