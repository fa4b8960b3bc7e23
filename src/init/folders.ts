/**
 * The folders that a server needs, made where they are missing; what is there stays as it is. Each is made by whoever has the folder that it
 * is in for itself (alone.ts): another run's draft looks like that of a killed one.
 */
import { existsSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Config } from '../config/config.ts'
import { isDiskFull } from '../errors/errno.ts'
import { ProgramError } from '../process/error.ts'
import type { Owner } from '../process/service_user.ts'
import { alone, FolderTaken, lockOf } from './alone.ts'
import { discardFolder, draftOf, makeWholeFolder } from './drafts.ts'

export type Places = Pick<Config, 'spoolDir' | 'repoDir' | 'engineDir' | 'reposD' | 'database'>

interface Wanted {
  path: string
  setting: string
  mode: number
  /** Written by the service's user; the others are the administrator's. */
  isService: boolean
}

/** Makes them; a line for each. Throws an error that names the setting where one cannot be made, or is something else. */
export async function makePlaces(places: Places, owner: Owner | undefined): Promise<string[]> {
  const lines: string[] = []
  // What lies above another one has its own mode and owner, not those of a parent.
  const all = wanted(places).toSorted((a, b) => depth(a.path) - depth(b.path))
  for (const each of all) lines.push(await makePlace(each, owner))
  return lines
}

async function makePlace({ path, setting, mode, isService }: Wanted, owner: Owner | undefined): Promise<string> {
  try {
    for (const each of upwards(path)) await clean(each)
    const found = statSync(path, { throwIfNoEntry: false })
    if (found?.isDirectory()) return `${path} is there`
    if (found !== undefined) throw new Error('it is no folder')
    for (const each of missing(path)) {
      using _alone = await alone([dirname(each)])
      // Another run made it while this one waited.
      if (statSync(each, { throwIfNoEntry: false })?.isDirectory()) continue
      // What lies above is everybody's to look through.
      if (each !== resolve(path)) makeWholeFolder(each, { mode: 0o755 })
      else makeWholeFolder(each, { mode, owner: isService ? owner : undefined })
    }
    return `made ${path}`
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`${path} cannot be made (${why})${adviceOn(cause, setting)}`, { cause })
  }
}

/** What to do, where what was thrown does not say it. */
function adviceOn(cause: unknown, setting: string): string {
  if (cause instanceof FolderTaken || cause instanceof ProgramError) return ''
  if (isDiskFull(cause)) return ': make room there, and begin again'
  return `: begin as root, move away what is in the way, or let ${setting} name another place`
}

/** Removes what a killed run left beside a folder, once no other run is at work there; one that makes something else there is left alone. */
async function clean(path: string): Promise<void> {
  const isDraft = existsSync(draftOf(path))
  if (!isDraft && !existsSync(lockOf(dirname(path)))) return
  try {
    using _alone = await alone([dirname(path)], isDraft ? undefined : 0)
    discardFolder(path)
  } catch (cause) {
    if (isDraft) throw cause
  }
}

/** A folder and those above it, the highest last. */
function upwards(path: string): string[] {
  const all = [resolve(path)]
  for (let at = resolve(path); dirname(at) !== at; at = dirname(at)) all.push(dirname(at))
  return all
}

/** Those that are not there, the highest first. */
function missing(path: string): string[] {
  const all = upwards(path)
  const there = all.findIndex((each) => existsSync(each))
  const parent = all[there]
  if (parent !== undefined && !statSync(parent).isDirectory()) {
    throw new Error(`ENOTDIR: not a directory, mkdir '${parent}'`)
  }
  return all.slice(0, there).toReversed()
}

function depth(path: string): number {
  return upwards(path).length
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
