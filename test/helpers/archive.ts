/**
 * This machine's own archive, as its apt is configured: the real packages for tests. Nothing of its address is written
 * down anywhere but in the test's temporary folder.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { run } from './cores.ts'

/** `.sources` stanzas for every suite of this release that apt has; empty where apt has none. */
export function archiveSources(): string {
  const architecture = output('dpkg', ['--print-architecture'])
  const codename = /^VERSION_CODENAME=(.*)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? ''
  const valid = /"(false|no|0)"/.test(output('apt-config', ['dump', 'Acquire::Check-Valid-Until'])) ? 'no' : 'yes'
  const targets = output('apt-get', [
    ...['indextargets', '--format', '$(REPO_URI) $(RELEASE) $(COMPONENT)'],
    ...['Created-By: Packages', `Architecture: ${architecture}`],
  ])
  return [...new Set(targets.split('\n'))].map((line) => line.split(' '))
    .filter(([, suite = '']) => suite === codename || suite.startsWith(`${codename}-`))
    .map(([uri, suite, component]) =>
      [
        'Types: deb',
        `URIs: ${uri}`,
        `Suites: ${suite}`,
        `Components: ${component}`,
        `Architectures: ${architecture}`,
        'Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg',
        `Check-Valid-Until: ${valid}`,
      ].join('\n')
    ).join('\n\n')
}

/** The installed packages as the `packages` member of an upload names them, one a line. */
export function installedPackages(...names: string[]): string {
  return output('dpkg-query', ['-W', '-f', '${Package}_${Version}_${Architecture}\\n', ...names])
}

/**
 * Fetches a file of the archive, of any architecture and suite, e.g. `pool/main/g/glibc/libc6_2.36-9_arm64.deb`; why it
 * cannot be had, or undefined when it is in `file`.
 */
export async function fetchFromPool(path: string, file: string): Promise<string | undefined> {
  addresses ??= output('apt-get', ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages']).split('\n')
  let reason = 'apt knows no archive'
  for (const uri of new Set(addresses.filter((each) => each !== ''))) {
    try {
      const response = await fetch(`${uri}${path}`, { signal: AbortSignal.timeout(60_000) })
      if (response.ok) {
        writeFileSync(file, new Uint8Array(await response.arrayBuffer()))
        return undefined
      }
      reason = `the archive answers ${response.status} for ${path}`
    } catch (error) {
      reason = `the archive cannot be reached: ${error instanceof Error ? error.message : error}`
    }
  }
  return reason
}

/** Asking apt takes a second. */
let addresses: string[] | undefined

/**
 * Packages of any suite of this machine's archive, each for all of the architectures, as files in a folder. Throws when
 * the archive does not have them.
 */
export async function archivePackages(
  folder: string,
  { suite, architectures, names }: { suite: string; architectures: readonly string[]; names: readonly string[] },
): Promise<string[]> {
  const get = async (path: string) => {
    const file = join(folder, `${suite}-${basename(path)}`)
    const reason = await fetchFromPool(path, file)
    if (reason !== undefined) throw new Error(reason)
    return file
  }
  // Of one architecture: the others have the same version, which is a part of the path.
  const [first = ''] = architectures
  const { text } = run('xz', ['-dc', await get(`dists/${suite}/main/binary-${first}/Packages.xz`)])
  const paths = names.flatMap((name) => {
    const path = /^Filename: (.*)$/m.exec(text.slice(text.indexOf(`\nPackage: ${name}\n`)))?.[1] ?? ''
    return architectures.map((architecture) => path.replace(`_${first}.deb`, `_${architecture}.deb`))
  })
  return await Promise.all(paths.map(get))
}

function output(command: string, words: string[]): string {
  return spawnSync(command, words, { encoding: 'utf8' }).stdout?.trim() ?? ''
}
