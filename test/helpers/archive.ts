/**
 * This machine's own archive, as its apt is configured: the real packages for tests. Nothing of its address is written
 * down anywhere but in the test's temporary folder.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

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

function output(command: string, words: string[]): string {
  return spawnSync(command, words, { encoding: 'utf8' }).stdout?.trim() ?? ''
}
