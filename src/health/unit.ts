/**
 * The units of systemd, where they are installed: whether they let the programs write to where the settings lead. A unit is a
 * wall of its own: a folder that its user owns is read-only all the same where ReadWritePaths= does not name it.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Finding, Look, Subject } from './look.ts'

/** Those that write, and what of the settings. */
const UNITS = ['abrt-retrace-server.service', 'abrt-reposync.service', 'abrt-retrace-clean.service']
/** The first that has it counts (systemd.unit(5)); drop-ins of all count, in the order of their names. */
const FOLDERS = [
  '/etc/systemd/system',
  '/run/systemd/system',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
  '/lib/systemd/system',
]

export const unit: Look = {
  what: 'unit',
  question({ config }) {
    const found = UNITS.flatMap((name) => {
      const text = textOf(name)
      return text === undefined ? [] : [{ name, text }]
    })
    if (found.length === 0) return { verdict: 'ok', text: 'no unit of systemd is installed' }
    return judgeUnits(found, config)
  },
}

type Places = Pick<
  Subject['config'],
  'spoolDir' | 'repoDir' | 'database' | 'reposD' | 'engineDir' | 'tlsCert' | 'tlsKey'
>

/** `text`: the unit with its drop-ins behind it. */
export function judgeUnits(units: readonly { name: string; text: string }[], places: Places): Finding {
  const faults = units.flatMap(({ name, text }) => faultsOf(text, places).map((fault) => ({ name, ...fault })))
  const [first] = faults
  if (first === undefined) return { verdict: 'ok', text: 'the units of systemd let the settings be used' }
  const settings = [...new Set(faults.map(({ setting }) => setting))].join(', ')
  const more = `${first.name}: ${first.why}; systemctl edit ${first.name}`
  return { verdict: 'FAIL', text: `the units of systemd keep the programs from ${settings}`, more }
}

function faultsOf(text: string, places: Places): { setting: string; why: string }[] {
  const written = [
    { setting: 'RETRACE_SPOOL_DIR', path: places.spoolDir },
    { setting: 'RETRACE_REPO_DIR', path: places.repoDir },
    { setting: 'RETRACE_DATABASE', path: dirname(places.database) },
  ]
  const read = [
    { setting: 'RETRACE_REPOS_D', path: places.reposD },
    { setting: 'RETRACE_ENGINE_DIR', path: places.engineDir },
    { setting: 'RETRACE_TLS_CERT', path: places.tlsCert },
    { setting: 'RETRACE_TLS_KEY', path: places.tlsKey },
  ].flatMap(({ setting, path }) => path === undefined ? [] : [{ setting, path }])
  const open = writablePaths(text)
  const isStrict = lastOf(text, 'ProtectSystem') === 'strict'
  const hidden = hiddenPaths(text)
  return [
    ...[...written, ...read].flatMap(({ setting, path }) => {
      const { folder, by } = hidden.find((each) => isBelow(path, each.folder)) ?? {}
      return folder === undefined || open.some((each) => isBelow(path, each))
        ? []
        : [{ setting, why: `${by} hides ${folder}` }]
    }),
    ...written.flatMap(({ setting, path }) => {
      if (!isStrict || open.some((each) => isBelow(path, each))) return []
      return [{ setting, why: `${path} is read-only to it; name it in ReadWritePaths=` }]
    }),
  ]
}

/** What ReadWritePaths= and the folders of its own give it. */
function writablePaths(text: string): string[] {
  const named = valuesOf(text, 'ReadWritePaths').map((path) => path.replace(/^[-+]+/, ''))
  return [
    ...named,
    ...valuesOf(text, 'StateDirectory').map((name) => join('/var/lib', name)),
    ...valuesOf(text, 'CacheDirectory').map((name) => join('/var/cache', name)),
  ]
}

function hiddenPaths(text: string): { folder: string; by: string }[] {
  const isHome = /^(yes|true|on|1|tmpfs)$/i.test(lastOf(text, 'ProtectHome') ?? '')
  const isTmp = /^(yes|true|on|1|disconnected)$/i.test(lastOf(text, 'PrivateTmp') ?? '')
  return [
    ...(isHome ? ['/home', '/root', '/run/user'].map((folder) => ({ folder, by: 'ProtectHome=' })) : []),
    ...(isTmp ? ['/tmp', '/var/tmp'].map((folder) => ({ folder, by: 'PrivateTmp=' })) : []),
  ]
}

/** An empty value forgets those before it. */
function valuesOf(text: string, key: string): string[] {
  const lines = text.split('\n').filter((line) => line.startsWith(`${key}=`)).map((line) =>
    line.slice(key.length + 1).trim()
  )
  return lines.slice(lines.lastIndexOf('') + 1).flatMap((line) => line.split(/\s+/)).map((word) =>
    word.replaceAll('"', '')
  )
}

function lastOf(text: string, key: string): string | undefined {
  return valuesOf(text, key).at(-1)
}

function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`)
}

function textOf(name: string): string | undefined {
  const main = FOLDERS.map((folder) => join(folder, name)).find((path) => existsSync(path))
  if (main === undefined) return undefined
  const more = FOLDERS.map((folder) => join(folder, `${name}.d`)).filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).filter((file) => file.endsWith('.conf')).map((file) => ({ folder, file })))
    .sort((a, b) => (a.file < b.file ? -1 : 1))
  return [main, ...more.map(({ folder, file }) => join(folder, file))].map((path) => readFileSync(path, 'utf8')).join(
    '\n',
  )
}
