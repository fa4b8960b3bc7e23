/**
 * This machine's own archive, as its apt is configured: the real packages for tests. Nothing of its address is written
 * down anywhere but in the test's temporary folder.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'

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
 * Fetches a package of the archive's pool, of any architecture and suite, e.g. `pool/main/g/glibc/libc6_2.36-9_arm64.deb`;
 * why it cannot be had, or undefined when it is in `file`.
 */
export async function fetchFromPool(path: string, file: string): Promise<string | undefined> {
  const uris = output('apt-get', ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages']).split('\n')
  let reason = 'apt knows no archive'
  for (const uri of new Set(uris.filter((each) => each !== ''))) {
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

function output(command: string, words: string[]): string {
  return spawnSync(command, words, { encoding: 'utf8' }).stdout?.trim() ?? ''
}
