/** The first files of RETRACE_REPOS_D: what this machine's own package manager mirrors. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { machine } from 'node:os'
import { basename, join } from 'node:path'
import type { Host, HostFile } from '../packages/format/host.ts'
import { FORMATS } from '../packages/formats.ts'
import { releaseName } from '../packages/release/release_id.ts'

/** Makes them in a folder that has none; a line for each. `etc` is the machine's /etc. */
export function makeRepositories(reposD: string, etc = '/etc'): string[] {
  const isConfigured = readdirSync(reposD).some((name) => FORMATS.some(({ extension }) => name.endsWith(extension)))
  if (isConfigured) return [`${reposD} has files, they stay as they are`]
  const host = hostOf(existsSync(join(etc, 'os-release')) ? readFileSync(join(etc, 'os-release'), 'utf8') : '')
  const made = FORMATS.flatMap(({ host: own }) =>
    own?.filesFrom(own.places.flatMap((place) => filesAt(join(etc, place))), host) ?? []
  )
  if (made.length === 0) {
    return [`${reposD} is empty, and no package manager of this machine knows a repository: put files there`]
  }
  return made.map(({ name, text }) => {
    writeFileSync(join(reposD, name), text, { mode: 0o644, flag: 'wx' })
    return `made ${join(reposD, name)}`
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
  return paths.filter((one) => statSync(one).isFile())
    .map((one) => ({ name: basename(one), text: readFileSync(one, 'utf8') }))
}
