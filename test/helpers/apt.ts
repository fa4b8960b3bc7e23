/** The real apt, in a root of its own: what it takes of a repository. */
import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { labelOf } from './peculiarity.ts'

export interface TakenByApt {
  /** Labels of the packages that it knows and could download. */
  taken: string[]
  /** What it said, both streams. */
  said: string
}

/** Settings of this machine's apt are not read; `folder` is made. */
export async function takenByApt(folder: string, sources: string): Promise<TakenByApt> {
  const at = (...names: string[]) => join(folder, ...names)
  for (const name of ['etc/apt.conf.d', 'etc/sources.list.d', 'etc/preferences.d', 'lists/partial', 'cache', 'got']) {
    mkdirSync(at(name), { recursive: true })
  }
  writeFileSync(at('status'), '')
  writeFileSync(at('etc/sources.list.d/test.sources'), sources)
  writeFileSync(
    at('apt.conf'),
    [
      `Dir::Etc "${at('etc')}"; Dir::State "${folder}"; Dir::State::status "${at('status')}";`,
      `Dir::State::lists "${at('lists')}"; Dir::Cache "${at('cache')}"; Dir::Log "${folder}";`,
      'APT::Architecture "amd64"; #clear APT::Architectures; APT::Architectures { "amd64"; };',
      'APT::Sandbox::User "root"; Acquire::Languages "none"; Acquire::Retries "0"; Acquire::http::Timeout "10";',
      'Acquire::Check-Valid-Until "true"; Acquire::http::Proxy "DIRECT";',
    ].join('\n'),
  )
  const said: string[] = []
  const run = async (program: string, ...args: string[]) => {
    const { stdout, stderr } = await attempt(program, args, { APT_CONFIG: at('apt.conf'), cwd: at('got') })
    said.push(program === 'apt-cache' ? '' : stdout, stderr)
    return stdout
  }
  await run('apt-get', 'update')
  // One after the other: apt downloads none of several when it cannot have one.
  for (const wanted of wantedFrom(await run('apt-cache', 'dump'))) await run('apt-get', 'download', wanted)
  const taken = readdirSync(at('got')).filter((name) => name.endsWith('.deb')).map((name) => {
    const [, own = '', version = '', architecture = ''] = /^(.*)_([^_]*)_([^_]*)\.deb$/.exec(name) ?? []
    return labelOf({ name: decodeURIComponent(own), version: decodeURIComponent(version), architecture })
  })
  return { taken, said: said.join('') }
}

/** Arguments of `apt-get download`, for every version that there is. */
function wantedFrom(dump: string): string[] {
  let name = ''
  return dump.split('\n').flatMap((line) => {
    const [, kind, value = ''] = /^(Package|File| Version): (\S+)$/.exec(line) ?? []
    // Those of other architectures are in its cache, and none of them is ever installed.
    if (kind === 'Package' || kind === 'File') name = kind === 'File' || value.includes(':') ? '' : value
    return kind === ' Version' && name !== '' ? [`${name}=${value}`] : []
  })
}

async function attempt(
  program: string,
  args: string[],
  { APT_CONFIG, cwd }: { APT_CONFIG: string; cwd: string },
): Promise<{ stdout: string; stderr: string }> {
  const env = {
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
    LC_ALL: 'C.UTF-8',
    DEBIAN_FRONTEND: 'noninteractive',
    APT_CONFIG,
  }
  try {
    return await promisify(execFile)(program, args, { env, cwd, maxBuffer: 1 << 26, timeout: 60_000 })
  } catch (error) {
    // It exits with 100 for a single package that it could not have.
    if (error instanceof Error && 'stdout' in error && 'stderr' in error) {
      return { stdout: String(error.stdout), stderr: String(error.stderr) }
    }
    throw error
  }
}
