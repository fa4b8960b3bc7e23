/**
 * What this machine knows of the program that crashed: the release, and the packages that own its modules. Asked only where
 * the core is of this machine, which the build-id of an installed file shows: another machine's would be worse than none.
 */
import { readFileSync, statSync } from 'node:fs'
import type { Core } from '../elf/core.ts'
import { ElfError } from '../elf/error.ts'
import { readElfFile } from '../elf/file.ts'
import { fileSource } from '../elf/source.ts'
import { gathered } from '../process/gather.ts'
import { type SenderProgram } from '../process/programs.ts'
import { startForSender } from '../process/sender.ts'
import { MIB } from '../units/bytes.ts'

export interface Machine {
  /** As the design's member `release` has it: `debian-12`. */
  readonly release: string
  /** As people read it. */
  readonly name: string
  /**
   * One a line, first the one whose program crashed; in the form that the member `packages` takes. None where no package has
   * the program: the first would be taken for it.
   */
  readonly packages: readonly string[]
}

const OS_RELEASE = ['/etc/os-release', '/usr/lib/os-release']
const MAX_PATHS = 2000
const MAX_ANSWER = 4 * MIB
const ASK_MS = 30_000

/** Undefined: the core is of another machine, or nothing tells that it is of this one. */
export async function machineOf(core: Core, signal: AbortSignal): Promise<Machine | undefined> {
  const known = core.modules.filter(({ kind, path, buildId, deleted }) =>
    kind !== 'vdso' && buildId !== undefined && path.startsWith('/') && !deleted
  ).slice(0, MAX_PATHS)
  const here = known.filter(isInstalledHere)
  if (!isOfThisMachine(known, here)) return undefined
  const release = OS_RELEASE.map(textOf).find((text) => text !== undefined)
  const { id, version, name } = parseOsRelease(release ?? '')
  if (id === undefined) return undefined
  const program = here.find(({ kind }) => kind === 'executable')
  const others = here.filter((each) => each !== program).map(({ path }) => path)
  const own = program === undefined ? [] : await packagesOf([program.path], signal)
  const packages = own.length === 0 ? [] : unique([...own, ...await packagesOf(others, signal)])
  return { release: version === undefined ? id : `${id}-${version}`, name: name ?? id, packages }
}

/**
 * A core is of this machine where what was loaded is installed here: most of it, by build-ids. One library alone is on many
 * machines, and a container or a chroot has some of the host's. Pure.
 */
export function isOfThisMachine(known: readonly unknown[], here: readonly unknown[]): boolean {
  return here.length > 0 && here.length * 2 >= known.length
}

/** os-release(5): ID, VERSION_ID and PRETTY_NAME, where they are what they should be. */
export function parseOsRelease(text: string): { id?: string; version?: string; name?: string } {
  const value = (key: string) =>
    new RegExp(`^${key}=(?:"([^"\\n]*)"|'([^'\\n]*)'|(\\S*))$`, 'm').exec(text)?.slice(1)
      .find((each) => each !== undefined)
  const [id, version, name] = [value('ID'), value('VERSION_ID'), value('PRETTY_NAME')]
  const isWord = (word: string | undefined): word is string => /^[a-z0-9][a-z0-9._-]{0,60}$/.test(word ?? '')
  return {
    ...(isWord(id) ? { id } : {}),
    ...(isWord(version) ? { version } : {}),
    ...(name && name.length <= 200 ? { name } : {}),
  }
}

async function packagesOf(paths: readonly string[], signal: AbortSignal): Promise<string[]> {
  if (paths.length === 0) return []
  return await debianPackages(paths, signal) ?? await rpmPackages(paths, signal) ?? []
}

/** dpkg knows files by the paths in packages, before /usr was merged or after. */
async function debianPackages(paths: readonly string[], signal: AbortSignal): Promise<string[] | undefined> {
  const both = paths.flatMap((path) => path.startsWith('/usr/') ? [path, path.slice(4)] : [path])
  const owners = await answer('dpkg-query', ['-S', '--', ...both], signal)
  if (owners === undefined) return undefined
  const byPath = new Map<string, string>()
  for (const line of owners.split('\n')) {
    const [, names = '', path = ''] = /^([a-z0-9][a-z0-9+.:, -]*): (\/.*)$/.exec(line) ?? []
    if (path !== '') byPath.set(path, names.split(', ')[0] ?? '')
  }
  const names = unique(paths.flatMap((path) => byPath.get(path) ?? byPath.get(path.replace(/^\/usr/, '')) ?? []))
  if (names.length === 0) return []
  const form = '${Package}_${Version}_${Architecture}\n'
  const versions = await answer('dpkg-query', ['-W', '-f', `\${binary:Package} ${form}`, '--', ...names], signal) ?? ''
  const found = new Map(
    versions.split('\n').map((line) => {
      const [name = '', whole = ''] = line.split(' ')
      return [name, whole] as const
    }),
  )
  const known = (name: string) => found.get(name) ?? found.get(name.split(':')[0] ?? '')
  return names.flatMap((name) => known(name) ?? []).filter((each) => /^\S+_\S+_[a-z0-9]+$/.test(each))
}

async function rpmPackages(paths: readonly string[], signal: AbortSignal): Promise<string[] | undefined> {
  const form = '%{NAME}-%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}.%{ARCH}\n'
  const owners = await answer('rpmquery', ['-f', '--qf', form, '--', ...paths], signal)
  return owners === undefined ? undefined : unique(owners.split('\n').filter((line) => /^\S+-\S+-\S+\.\w+$/.test(line)))
}

/** Undefined where there is no such program. What it does not know it complains about, and ends with 1. */
async function answer(
  program: SenderProgram,
  args: readonly string[],
  signal: AbortSignal,
): Promise<string | undefined> {
  await using running = startForSender(program, [program, ...args], { signal, timeoutMs: ASK_MS })
  const text = new TextDecoder().decode(await gathered(running, running.output, MAX_ANSWER))
  const { failure } = await running.ended
  return failure?.kind === 'not-started' ? undefined : text
}

function isInstalledHere({ kind, path, buildId }: Core['modules'][number]): boolean {
  if (kind === 'vdso' || buildId === undefined || !path.startsWith('/')) return false
  try {
    // A core can name any path, and what is opened must not wait for a pipe.
    if (!statSync(path).isFile()) return false
    using source = fileSource(path)
    return readElfFile(source).buildId === buildId
  } catch (error) {
    if (error instanceof ElfError || error instanceof Error && 'errno' in error) return false
    throw error
  }
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)]
}
