import { mkdirSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { hostOf } from '../../../src/init/repositories.ts'
import { hostRepositories as apt } from '../../../src/packages/deb/host_files.ts'
import type { HostFile } from '../../../src/packages/format/host.ts'
import { hostRepositories as dnf } from '../../../src/packages/rpm/host_files.ts'
import { readConfiguration } from '../../../src/packages/configuration.ts'
import { temporaryFolder } from '../../helpers/folder.ts'

const DEBIAN = hostOf('ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n')
const FEDORA = { ...hostOf('NAME="Fedora Linux"\nID=fedora\nVERSION_ID=40\n'), machine: 'x86_64' }
const KEY = '/usr/share/keyrings/debian-archive-keyring.gpg'

/** What abrt-reposync makes of the files. */
async function configured(files: readonly HostFile[]) {
  await using folder = await temporaryFolder()
  mkdirSync(folder.file('repos.d'))
  for (const { name, text } of files) writeFileSync(folder.file('repos.d', name), text)
  const { repositories, warnings, faults } = readConfiguration(folder.file('repos.d'))
  return {
    warnings,
    faults,
    suites: repositories.map(({ uri, suite, release, architectures }) => [uri, suite, release, ...architectures]),
  }
}

describe("apt's files", () => {
  it('a .sources file stays as it is, without sources and without discs', async () => {
    const text = `# mine
Types: deb deb-src
URIs: https://deb.example/debian
Suites: bookworm bookworm-updates
Components: main
Architectures: amd64
Signed-By: ${KEY}

Types: deb-src
URIs: https://deb.example/debian
Suites: trixie
Components: main

Types: deb
URIs: cdrom:[Debian GNU/Linux 12]/
Suites: bookworm
Components: main
`
    const files = apt.filesFrom([{ name: 'debian.sources', text }], DEBIAN)
    expect(files.map(({ name }) => name)).toEqual(['debian.sources'])
    expect(files[0]?.text).toContain('# mine\nTypes: deb deb-src\n')
    const { suites, faults } = await configured(files)
    expect(faults).toEqual([])
    expect(suites.map(([uri, suite]) => [uri, suite])).toEqual([
      ['https://deb.example/debian/', 'bookworm'],
      ['https://deb.example/debian/', 'bookworm-updates'],
    ])
  })

  it('lines of a .list file become stanzas, their options too', async () => {
    const text = `# deb https://old.example/debian bookworm main
deb [arch=amd64,i386 signed-by=${KEY}] https://deb.example/debian bookworm main contrib
deb-src https://deb.example/debian bookworm main
`
    const files = apt.filesFrom([{ name: 'sources.list', text }], DEBIAN)
    expect(files.map(({ name }) => name)).toEqual(['sources.sources'])
    const { suites, faults } = await configured(files)
    expect(faults).toEqual([])
    expect(suites).toEqual([['https://deb.example/debian/', 'bookworm', undefined, 'amd64', 'i386']])
  })

  it('what others offer is of the release of this machine', async () => {
    const text = `deb [arch=amd64 signed-by=${KEY}] https://tools.example/apt stable main\n`
    const { suites } = await configured(apt.filesFrom([{ name: 'tools.list', text }], DEBIAN))
    expect(suites).toEqual([['https://tools.example/apt/', 'stable', 'debian-12', 'amd64']])
  })

  it('files without a repository make none', () => {
    const text = '# moved to debian.sources\n'
    expect(apt.filesFrom([{ name: 'sources.list', text }, { name: 'x.sources', text: '\n' }], DEBIAN)).toEqual([])
  })
})

describe("dnf's files", () => {
  const text = `[fedora]
name=Fedora $releasever - $basearch
metalink=https://mirrors.example/metalink?repo=fedora-$releasever&arch=$basearch
enabled=1
gpgcheck=1
gpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-fedora-$releasever-$basearch

[fedora-debuginfo]
name=Fedora $releasever - $basearch - Debug
metalink=https://mirrors.example/metalink?repo=fedora-debug-$releasever&arch=$basearch
enabled=0
gpgcheck=1
gpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-fedora-$releasever-$basearch

[fedora-source]
name=Fedora $releasever - Source
metalink=https://mirrors.example/metalink?repo=fedora-source-$releasever&arch=$basearch
enabled=0

[testing]
metalink=https://mirrors.example/metalink?repo=testing-$releasever&arch=$basearch
enabled=0

[testing-debuginfo]
metalink=https://mirrors.example/metalink?repo=testing-debug-$releasever&arch=$basearch
enabled=0
`

  it('each section feeds the release of this machine, and debuginfo is enabled beside what it belongs to', async () => {
    const { suites, faults } = await configured(dnf.filesFrom([{ name: 'fedora.repo', text }], FEDORA))
    expect(faults).toEqual([])
    expect(suites.map(([, , ...rest]) => rest)).toEqual([['fedora-40', 'x86_64'], ['fedora-40', 'x86_64']])
    expect(suites.map(([uri]) => String(uri)).join(' ')).toMatch(/fedora-40.*fedora-debug-40/)
  })

  it('a machine whose release nobody can name has none', () => {
    expect(dnf.filesFrom([{ name: 'fedora.repo', text }], hostOf(''))).toEqual([])
  })
})
