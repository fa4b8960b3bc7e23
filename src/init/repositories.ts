/**
 * The first files of RETRACE_REPOS_D: what this machine's own package manager mirrors. They are written into a hidden folder there, which
 * is renamed once all are on the disk, and then take their places one by one: a run that is killed before has made none, and one that is
 * killed after is gone on with by the next one.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, statSync } from 'node:fs'
import { machine } from 'node:os'
import { basename, join, parse } from 'node:path'
import type { Host, HostFile } from '../packages/format/host.ts'
import { FORMATS } from '../packages/formats.ts'
import type { Owner } from '../process/service_user.ts'
import { releaseName } from '../packages/release/release_id.ts'
import { remove, type Rights, syncFolder, writeWhole } from './drafts.ts'

/** Makes them in a folder that has none; a line for each. `etc` is the machine's /etc. */
export function makeRepositories(
  reposD: string,
  { etc = '/etc', owner }: { etc?: string; owner?: Owner | undefined } = {},
): string[] {
  const [drafts, ready] = [join(reposD, '.files.init'), join(reposD, '.files.ready')]
  // Of a run that was killed.
  remove(drafts)
  if (existsSync(ready)) return published(ready, reposD)
  const isConfigured = readdirSync(reposD).some((name) => FORMATS.some(({ extension }) => name.endsWith(extension)))
  if (isConfigured) return [`${reposD} has files, they stay as they are`]
  const host = hostOf(existsSync(join(etc, 'os-release')) ? readFileSync(join(etc, 'os-release'), 'utf8') : '')
  const made = FORMATS.flatMap(({ host: own }) =>
    own?.filesFrom(own.places.flatMap((place) => filesAt(join(etc, place))), host) ?? []
  )
  if (made.length === 0) {
    return [`${reposD} is empty, and no package manager of this machine knows a repository: put files there`]
  }
  try {
    mkdirSync(drafts, { mode: 0o700 })
    for (const { name, text, isPrivate } of withOwnNames(made)) {
      writeWhole(join(drafts, name), text, rightsOf(isPrivate, owner))
    }
    syncFolder(drafts)
    renameSync(drafts, ready)
  } catch (cause) {
    remove(drafts)
    throw cause
  }
  return published(ready, reposD)
}

/** Gives files their places, and removes the folder that they were in. */
function published(ready: string, reposD: string): string[] {
  const lines = readdirSync(ready).sort().map((name) => {
    const path = join(reposD, name)
    if (existsSync(path)) {
      remove(join(ready, name))
      return `${path} is there, it stays as it is`
    }
    renameSync(join(ready, name), path)
    return `made ${path}`
  })
  syncFolder(reposD)
  rmdirSync(ready)
  return lines
}

/** Where one can have a password in it, it is the service's to read, and nobody's besides. */
function rightsOf(isPrivate: boolean | undefined, owner: Owner | undefined): Rights {
  if (isPrivate !== true) return { mode: 0o644 }
  return owner === undefined ? { mode: 0o600 } : { mode: 0o640, owner: { uid: 0, gid: owner.gid } }
}

/** `a.list` and `a.sources` are one name here: the second one gets a number. */
function withOwnNames(files: readonly HostFile[]): HostFile[] {
  const taken = new Set<string>()
  return files.map((file) => {
    const { name: stem, ext } = parse(file.name)
    let name = file.name
    for (let number = 2; taken.has(name); number++) name = `${stem}-${number}${ext}`
    taken.add(name)
    return { ...file, name }
  })
}

/** By the text of os-release(5). */
export function hostOf(osRelease: string): Host {
  const value = (key: string) => new RegExp(`^${key}=["']?([^"'\\n]*)`, 'm').exec(osRelease)?.[1] ?? ''
  const release = releaseName(osRelease)?.release
  return { id: value('ID'), version: value('VERSION_ID'), release, machine: machine() }
}

function filesAt(path: string): HostFile[] {
  if (!existsSync(path)) return []
  const paths = statSync(path).isDirectory() ? readdirSync(path).sort().map((name) => join(path, name)) : [path]
  return paths.flatMap((one) => {
    // A link can lead nowhere.
    const found = statSync(one, { throwIfNoEntry: false })
    if (!found?.isFile()) return []
    const rights = (found.mode & 0o004) === 0 ? { isPrivate: true } as const : {}
    return [{ ...rights, name: basename(one), text: readFileSync(one, 'utf8') }]
  })
}
