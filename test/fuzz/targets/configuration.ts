/** What administrators and distributions write, and names of releases and packages from anywhere. */
import { Buffer } from 'node:buffer'
import { UsageError } from '../../../src/errors/usage_error.ts'
import { readSources } from '../../../src/packages/deb/sources_file.ts'
import { compareVersions as compareDebian } from '../../../src/packages/deb/version.ts'
import { NAMINGS } from '../../../src/packages/naming/namings.ts'
import { releaseId } from '../../../src/packages/release/release_id.ts'
import { readRepoFile } from '../../../src/packages/rpm/repo_file.ts'
import { compareVersions as compareRpm } from '../../../src/packages/rpm/version.ts'
import { parseAuthConf } from '../../../src/packages/transfer/auth_conf.ts'
import { KIB } from '../../../src/units/bytes.ts'
import { ORDINARY, type Target } from '../target.ts'

const isOurs = (error: unknown) => error instanceof UsageError
const text = (input: Uint8Array) => Buffer.from(input).toString('utf8')
const seeds = (...texts: string[]) => () => texts.map((each) => Buffer.from(each))

export const sources: Target = {
  seeds: seeds(
    'Types: deb\nURIs: http://deb.example/debian\nSuites: bookworm\nComponents: main\nSigned-By: /usr/share/keyrings/x.gpg\n',
    'deb [arch=amd64 signed-by=/x.gpg] http://deb.example/debian bookworm main\n',
  ),
  words: [
    'Types: ',
    'URIs: ',
    'Suites: ',
    'Enabled: no\n',
    'Trusted: yes\n',
    'Signed-By:\n -----BEGIN',
    'Architectures: ',
    '\n\n',
    '\r\n',
    '#',
  ],
  maxBytes: 32 * KIB,
  read: (input) => readSources('x.sources', text(input)),
  isOurs,
  cost: ORDINARY,
}

export const repositories: Target = {
  seeds: seeds(
    '[fedora]\nname=Fedora $releasever\nmetalink=https://m.example/?repo=fedora-$releasever&arch=$basearch\n' +
      'enabled=1\ngpgcheck=1\ngpgkey=file:///etc/key\nretrace_releasever=40\n',
  ),
  words: [
    '[',
    ']\n',
    'baseurl=',
    'metalink=',
    'mirrorlist=',
    ',',
    '$basearch',
    '${x:-y}',
    '${',
    'gpgkey=',
    '\n ',
    '%',
    '=',
    ';',
  ],
  maxBytes: 32 * KIB,
  read: (input) => readRepoFile('x.repo', text(input)),
  isOurs,
  cost: ORDINARY,
}

export const passwords: Target = {
  seeds: seeds('machine a.example login x password y\n', 'machine https://b.example/path login "x" password z # c\n'),
  words: ['machine ', 'login ', 'password ', '#', '\n', '://'],
  maxBytes: 16 * KIB,
  read: (input) => parseAuthConf(text(input)),
  isOurs,
  cost: ORDINARY,
}

/** A release, an architecture, and names of packages, a line each. */
export const names: Target = {
  seeds: seeds(
    'Debian GNU/Linux 12 (bookworm)\nx86_64\nbash_5.2.15-2+b7_amd64\nbash-2:5.2.26-3.fc40.x86_64\n',
    'Fedora release 40 (Forty)\naarch64\nlibc6:i386\nEPOCH:NAME-1-1\n',
  ),
  words: ['~', '^', '+', ':', '-', '_', '.', 'debian-12-amd64', 'Linux Mint 21', '\u0130', '0'.repeat(40)],
  maxBytes: 8 * KIB,
  read: (input) => {
    const [release = '', architecture, ...packages] = text(input).split('\n')
    for (const [at, each] of packages.entries()) {
      const other = packages[at + 1] ?? ''
      for (const compare of [compareDebian, compareRpm]) {
        if (Math.sign(compare(each, other)) !== -Math.sign(compare(other, each))) {
          throw new Error('no order of versions')
        }
      }
    }
    return [releaseId(release, architecture), packages.map((each) => NAMINGS.map((naming) => naming.readings(each)))]
  },
  isOurs,
  cost: ORDINARY,
}
