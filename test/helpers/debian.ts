/**
 * What dpkg knows of this machine, for tests that hold the code to the packages that `ops/packages` names.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { installationRoot } from '../../src/program/program.ts'

const FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin']

/** A line of such a list: the package, and why it is there. */
export interface NamedPackage {
  name: string
  reason: string
}

/** `list`: `ops/packages`, or another of its kind. */
export function namedPackages(list = 'ops/packages'): NamedPackage[] {
  const lines = readFileSync(join(installationRoot(), list), 'utf8').split('\n')
  return lines.filter((line) => /^[^#\s]/.test(line)).map((line) => {
    const [name = '', ...reason] = line.split(/\s+/)
    return { name, reason: reason.join(' ') }
  })
}

/** A path as it is since /bin, /sbin and /lib are links into /usr. */
export function merged(path: string): string {
  return path.replace(/^\/(s?bin|lib\w*)\//, '/usr/$1/')
}

/** The programs of this machine by name, whoever brought them. */
export function programs(): Map<string, string> {
  return new Map(FOLDERS.flatMap((folder) => readdirSync(folder).map((name) => [name, join(folder, name)] as const)))
}

/**
 * The files of the named packages, of all that those depend on, and of what every Debian has (essential and required
 * packages, apt). Throws when a named package is not installed.
 */
export function filesOfPackages(names: string[]): Set<string> {
  const { installed, providers } = askDpkg()
  const absent = names.filter((name) => !installed.has(name))
  if (absent.length > 0) throw new Error(`not installed: ${absent.join(', ')}; run ops/setup`)
  const always = [...installed].filter(([, { isAlwaysThere }]) => isAlwaysThere).map(([name]) => name)
  const closure = new Set<string>()
  const left = [...names, 'apt', ...always]
  for (let name = left.pop(); name !== undefined; name = left.pop()) {
    if (closure.has(name)) continue
    closure.add(name)
    for (const alternatives of installed.get(name)?.needs ?? []) {
      const chosen = alternatives.find((each) => installed.has(each)) ??
        alternatives.flatMap((each) => providers.get(each) ?? [])[0]
      if (chosen !== undefined) left.push(chosen)
    }
  }
  return ownFilesOf([...closure])
}

/** Those of the packages that are installed here. */
export function installedOf(names: string[]): string[] {
  const { installed } = askDpkg()
  return names.filter((name) => installed.has(name))
}

/** The files and folders that packages brought themselves. */
export function ownFilesOf(names: string[]): Set<string> {
  return new Set(run('dpkg-query', ['-L', ...names]).split('\n').map(merged))
}

/** Whether a file, or what it links to (/etc/alternatives), is one of `files`. */
export function isOneOf(files: ReadonlySet<string>, path: string): boolean {
  return files.has(path) || (existsSync(path) && files.has(realpathSync(path)))
}

interface Installed {
  isAlwaysThere: boolean
  /** Each a list of packages of which one is needed. */
  needs: string[][]
}

function askDpkg(): { installed: Map<string, Installed>; providers: Map<string, string[]> } {
  const fields = ['Package', 'Essential', 'Priority', 'Pre-Depends', 'Depends', 'Provides', 'db:Status-Status']
  const installed = new Map<string, Installed>()
  const providers = new Map<string, string[]>()
  for (
    const line of run('dpkg-query', ['-W', '-f', `${fields.map((each) => `\${${each}}`).join('\t')}\n`]).split('\n')
  ) {
    const [name = '', essential, priority, before = '', depends = '', provides = '', status] = line.split('\t')
    if (status !== 'installed') continue
    installed.set(name, {
      isAlwaysThere: essential === 'yes' || priority === 'required',
      needs: [...namesIn(before), ...namesIn(depends)],
    })
    for (const [virtual = ''] of namesIn(provides)) providers.set(virtual, [...providers.get(virtual) ?? [], name])
  }
  return { installed, providers }
}

/** `libc6 (>= 2.34), awk:any | mawk` as lists of names. */
function namesIn(field: string): string[][] {
  return field.split(',').filter((part) => part.trim() !== '').map((part) =>
    part.split('|').map((name) => name.trim().split(/[ (:]/)[0] ?? '')
  )
}

function run(program: string, args: string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28 })
}
