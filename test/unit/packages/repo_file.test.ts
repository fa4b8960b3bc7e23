import { describe, expect, it } from 'vitest'
import { assertNoContradiction } from '../../../src/packages/configuration.ts'
import { readRepoFile } from '../../../src/packages/rpm/repo_file.ts'
import { sectionOf } from '../../../src/packages/rpm/section.ts'

const read = (text: string) => readRepoFile('test.repo', text)
const section = (lines: string) =>
  `[one]\nbaseurl=http://example.org/x86_64/\ngpgkey=file:///k\nretrace_release=fedora-40\n${lines}`

/** The fault of the one section, or of the file. */
function complaintOf(text: string): string {
  try {
    return read(text).faults.join('\n')
  } catch (error) {
    return String(error)
  }
}

describe('readRepoFile()', () => {
  it('reads a section of Fedora, one repository per architecture', () => {
    const { repositories, warnings } = read(`# comment
[updates]
name=Fedora $releasever - $basearch - Updates
baseurl=http://one.example.org/updates/$releasever/\${basearch}
        http://two.example.org/$releasever_major/$arch/
metalink=https://example.org/metalink?repo=updates-f$releasever&arch=$basearch
enabled=1
countme=1
repo_gpgcheck=0
type=rpm
gpgcheck=1
metadata_expire=6h
gpgkey=file:///etc/pki/RPM-GPG-KEY-fedora-$releasever-$basearch, https://example.org/key
skip_if_unavailable=False
excludepkgs=kernel* foo
; another comment
retrace_release=fedora-40
retrace_releasever=40
retrace_architectures=x86_64 armv7hl
retrace_superseded=one-week
retrace_source_url=https://s.example/{source}/{file}#L{line}
retrace_fetch=full
`)
    expect(warnings).toEqual([])
    expect(repositories.map(({ uri, architectures }) => [uri, architectures])).toEqual([
      ['http://one.example.org/updates/40/x86_64/', ['x86_64']],
      ['http://one.example.org/updates/40/armhfp/', ['armv7hl']],
    ])
    expect(repositories[1]).toMatchObject({
      format: 'rpm',
      file: 'test.repo',
      line: 2,
      suite: 'updates',
      release: 'fedora-40',
      superseded: 'one-week',
      sourceUrl: 'https://s.example/{source}/{file}#L{line}',
      fetch: 'full',
      signedBy: { files: ['/etc/pki/RPM-GPG-KEY-fedora-40-armhfp'], addresses: ['https://example.org/key'] },
      remarks: ['repo_gpgcheck=0: the signature of its index is not checked'],
    })
    const options = repositories.map((one) => sectionOf(one).options)
    expect(options[1]).toMatchObject({
      baseUrls: ['http://one.example.org/updates/40/armhfp/', 'http://two.example.org/40/armv7hl/'],
      metalink: 'https://example.org/metalink?repo=updates-f40&arch=armhfp',
      gpgcheck: true,
      repoGpgcheck: false,
      excluded: ['kernel*', 'foo'],
    })
  })

  it('reads how the hosts are reached', () => {
    const { repositories } = read(`[rhel]
baseurl=https://cdn.example.org/rhel9/
gpgkey=file:///k
retrace_release=rhel-9
proxy=http://proxy.example.org:3128
proxy_username=me
proxy_password=p@ss
username=user
password=secret
sslverify=0
sslcacert=/etc/ca.pem
sslclientcert=/etc/client.pem
sslclientkey=/etc/client.key
timeout=2m
`)
    expect(repositories[0]?.connection).toEqual({
      proxy: 'http://me:p%40ss@proxy.example.org:3128/',
      credentials: { user: 'user', password: 'secret' },
      caFile: '/etc/ca.pem',
      certFile: '/etc/client.pem',
      keyFile: '/etc/client.key',
      verifiesHost: false,
      timeoutMs: 120_000,
    })
    expect(read(section('proxy=_none_')).repositories[0]?.connection.proxy).toBe('direct')
  })

  it('takes the architecture from an address that names one, and a metalink that stands for a mirrorlist', () => {
    const text = section('').replace(
      'baseurl=http://example.org/x86_64/',
      'mirrorlist=http://example.org/metalink?arch=aarch64',
    )
    const [repository] = read(text).repositories
    expect(repository?.architectures).toEqual(['aarch64'])
    expect(repository && sectionOf(repository).options).toMatchObject({
      metalink: 'http://example.org/metalink?arch=aarch64',
      mirrorlist: undefined,
    })
  })

  it('takes the whole value of metalink and mirrorlist for one address, commas included', () => {
    const { repositories, faults } = read(
      section('').replace(
        'baseurl=http://example.org/x86_64/',
        'metalink=https://example.org/?arch=x86_64&protocol=https,http',
      ),
    )
    expect(faults).toEqual([])
    expect(repositories.map(({ uri }) => uri)).toEqual(['https://example.org/?arch=x86_64&protocol=https,http'])
    const two = section('').replace('baseurl=http://example.org/x86_64/', 'mirrorlist=https://a/ https://b/')
    expect(read(two).faults).toEqual(['test.repo:2: mirrorlist is one address'])
  })

  it.each([
    ['$basearch/${basearch}', 'x86_64/x86_64'],
    ['${nothing:-other}', 'other'],
    ['${basearch:-other}', 'x86_64'],
    ['${basearch:+yes}${nothing:+no}', 'yes'],
    ['${nothing:-${releasever:-${basearch}}}', '40'],
    ['${releasever:+el${releasever}}x', 'el40x'],
    ['${releasever_minor:+-z}${releasever_major}', '40'],
    ['$/${/${}/a}', '$/${/${}/a}'],
  ])('replaces variables in %s as dnf does', (text, expanded) => {
    const repo = section('retrace_architectures=x86_64').replace(
      'http://example.org/x86_64/',
      `http://example.org/${text}`,
    )
    const { repositories, faults } = read(repo)
    expect(faults).toEqual([])
    expect(repositories.map(({ uri }) => uri)).toEqual([`http://example.org/${expanded}/`])
  })

  // As the distributions ship them, with nothing added but the keys that every section needs.
  it.each([
    [
      'centos-9',
      'metalink=https://m/?repo=centos-baseos-$stream&arch=$basearch',
      'https://m/?repo=centos-baseos-9-stream&arch=x86_64',
    ],
    [
      'centos-8',
      'baseurl=http://m/$contentdir/$stream/BaseOS/$basearch/os/',
      'http://m/centos/8-stream/BaseOS/x86_64/os/',
    ],
    [
      'rocky-9',
      'mirrorlist=https://m/?arch=$basearch&repo=BaseOS-$releasever$rltype',
      'https://m/?arch=x86_64&repo=BaseOS-9',
    ],
    [
      'rocky-9',
      'baseurl=http://m/$contentdir/$releasever/BaseOS/$basearch/os/',
      'http://m/pub/rocky/9/BaseOS/x86_64/os/',
    ],
    ['almalinux-9', 'mirrorlist=https://m/$releasever/baseos', 'https://m/9/baseos'],
    [
      'fedora-40',
      'metalink=https://m/?repo=fedora-$releasever&arch=$basearch',
      'https://m/?repo=fedora-40&arch=x86_64',
    ],
    ['fedora-rawhide', 'metalink=https://m/?repo=$releasever&arch=$basearch', 'https://m/?repo=rawhide&arch=x86_64'],
    [
      'rhel-9',
      'metalink=https://m/?repo=epel-$releasever&arch=$basearch&infra=$infra&content=$contentdir',
      'https://m/?repo=epel-9&arch=x86_64&infra=stock&content=rhel',
    ],
    [
      'almalinux-10',
      'metalink=https://m/?repo=epel${releasever_minor:+-z}-$releasever_major&arch=$basearch',
      'https://m/?repo=epel-10&arch=x86_64',
    ],
    [
      'opensuse-leap-15.6',
      'baseurl=http://m/leap/$releasever_major/$releasever_minor/$releasever/$DIST_ARCH/',
      'http://m/leap/15/6/15.6/x86_64/',
    ],
    ['ol-9', 'baseurl=https://yum$ociregion.$ocidomain/repo/OL9/$basearch/', 'https://yum.oracle.com/repo/OL9/x86_64/'],
    [
      'amzn-2',
      'mirrorlist=$awsproto://$amazonlinux.$awsregion.$awsdomain/$releasever/$product/$target/$basearch/mirror.list',
      'https://amazonlinux.us-east-1.amazonaws.com/2/core/latest/x86_64/mirror.list',
    ],
    [
      'amzn-2023',
      'mirrorlist=https://m/core/mirrors/$releasever/$basearch/mirror.list',
      'https://m/core/mirrors/latest/x86_64/mirror.list',
    ],
    ['mageia-9', 'mirrorlist=https://m/?release=$releasever&arch=$arch', 'https://m/?release=9&arch=x86_64'],
    ['rocky-9', 'retrace_vars=rltype=-beta contentdir=x\nbaseurl=http://m/$contentdir/$rltype/', 'http://m/x/-beta/'],
    ['rocky-9', 'retrace_releasever=9.4\nbaseurl=http://m/$releasever/$releasever_minor/', 'http://m/9.4/4/'],
  ])('knows what the variables of %s stand for in %s', (release, address, expanded) => {
    const text = section('retrace_architectures=x86_64').replace('fedora-40', release)
      .replace('baseurl=http://example.org/x86_64/', address)
    const { repositories, faults, warnings } = read(text)
    expect([faults, warnings]).toEqual([[], []])
    expect(repositories.map(({ uri }) => uri)).toEqual([expanded])
  })

  it('keeps architectures apart whose list of mirrors could tell them apart', () => {
    const list = section('retrace_architectures=x86_64 aarch64').replace('baseurl=', 'mirrorlist=')
    expect(read(list).repositories.map(({ architectures }) => architectures)).toEqual([['x86_64'], ['aarch64']])
  })

  it('takes user and password out of addresses, quotes off words, and a path for an address', () => {
    const address = 'https://to%2Bken:@example.org/$releasever'
    const [one] = read(
      section('exclude="a*"').replace('http://example.org', address).replace('file:///k', `"${address}/k"`),
    ).repositories
    expect(one).toMatchObject({
      uri: 'https://example.org/40/x86_64/',
      signedBy: { addresses: ['https://example.org/40/k'] },
      connection: { credentials: { user: 'to+ken', password: '' } },
    })
    expect(one && sectionOf(one).options.excluded).toEqual(['a*'])
    const [local] =
      read(section('').replace('http://example.org/', '/srv/a repo+').replace('a repo', 'repo')).repositories
    expect(local?.uri).toBe('file:///srv/repo+x86_64/')
  })

  it.each([['timeout=1.5', 1500], ['timeout="2m"', 120_000], ["timeout = '0'", undefined]])(
    'reads %j as dnf does',
    (line, timeoutMs) => {
      const { repositories: [one], faults } = read(section(line))
      expect(faults).toEqual([])
      expect(one?.connection.timeoutMs).toBe(timeoutMs)
    },
  )

  it('takes quotes off a list of mirrors', () => {
    const { repositories: [one] } = read(
      section('').replace('baseurl=http://example.org/', `metalink='https://m/?a=b,c'`)
        .replace('x86_64/', ''),
    )
    expect(one?.uri).toBe('https://m/?a=b,c')
  })

  it('takes the last of two options, and two sections of one name as one, and says both', () => {
    const { repositories, faults, warnings } = read(section('gpgcheck=1\nGPGCheck=0\n[one] # again\nsslverify=0'))
    expect(repositories).toHaveLength(1)
    expect(repositories[0]?.remarks).toContain('gpgcheck=0: signatures of its packages are not checked')
    expect(repositories[0]?.connection.verifiesHost).toBe(false)
    expect(faults).toEqual([])
    expect(warnings).toEqual([
      'test.repo:6: gpgcheck is in [one] twice: the last counts, as for dnf',
      'test.repo:7: the section [one] is here twice: both are one, as for dnf',
    ])
  })

  it('leaves the section alone that stands before one whose line cannot be read', () => {
    const { repositories, faults } = read(section('[two\nbaseurl=http://other.example/\nnonsense'))
    expect(repositories.map(({ uri }) => uri)).toEqual(['http://example.org/x86_64/'])
    expect(faults).toHaveLength(1)
  })

  it('leaves sections out that are not enabled, and says what has no effect', () => {
    expect(read(section('enabled=0'))).toEqual({ repositories: [], warnings: [], faults: [] })
    expect(read(`[main]\nkeepcache=1\n${section('gpgchek=1\n')}`).warnings).toEqual([
      'test.repo:1: [main] has no effect: it is about dnf, not about a repository',
      'test.repo:7: the key gpgchek is not known and has no effect',
    ])
  })

  it('chooses packages by every spelling that dnf knows', () => {
    const wants = (lines: string, name: string) => {
      const [repository] = read(section(lines)).repositories
      return repository && sectionOf(repository).wants({ name, version: '1:2.0-3.fc40', architecture: 'x86_64' })
    }
    expect(wants('excludepkgs=bash', 'bash')).toBe(false)
    expect(wants('excludepkgs=bash', 'bash-doc')).toBe(true)
    expect(wants('exclude=ba?h.x86_64', 'bash')).toBe(false)
    expect(wants('excludepkgs=bash-2.0-3.fc40.x86_64', 'bash')).toBe(false)
    expect(wants('excludepkgs=bash-1:2.0-3.fc40', 'bash')).toBe(false)
    expect(wants('includepkgs=[bz]sh zsh', 'bash')).toBe(false)
    expect(wants('includepkgs=[!z]ash', 'bash')).toBe(true)
    expect(wants('includepkgs=b.sh', 'bash')).toBe(false)
  })

  it('assertNoContradiction() holds two files with the same section to one answer', () => {
    const [one, other, unchecked] = ['', 'retrace_fetch=full', 'gpgcheck=0'].map((lines) =>
      read(section(lines)).repositories
    )
    expect(() => assertNoContradiction([...one ?? [], ...one ?? []])).not.toThrow()
    expect(() => assertNoContradiction([...one ?? [], ...other ?? []])).toThrow(
      'with another retrace_fetch',
    )
    expect(() => assertNoContradiction([...one ?? [], ...unchecked ?? []])).toThrow('mirrors, packages or checks')
  })

  it.each([
    ['[one]\nnothing', 2, 'is no [section]'],
    ['baseurl=http://x/', 1, 'before the first [section]'],
    [section('[two] junk'), 5, 'The line is no [section]'],
    [section('[two'), 5, 'The line is no [section]'],
    [section('gpgcheck=maybe'), 5, 'gpgcheck is 1 or 0, not maybe'],
    [section('timeout=soon'), 5, 'timeout is a number of seconds'],
    [section('retrace_fetch=sometimes'), 5, 'on-demand or full'],
    [section('sslclientkey=/x'), 5, 'needs a sslclientcert'],
    [section('sslcacert=x'), 5, 'absolute path'],
    [section('username=me'), 5, 'in clear text'],
    [section('retrace_architectures=amd64'), 5, "none of rpm's names"],
    [section('').replace('fedora-40', 'fedora-40-x86_64'), 4, 'leave -x86_64 away'],
    [section('').replace('retrace_release=fedora-40', ''), 1, 'has no retrace_release'],
    [section('').replace('gpgkey=file:///k', ''), 1, 'has no gpgkey'],
    [section('').replace('baseurl', 'name'), 1, 'has no baseurl, metalink or mirrorlist'],
    [section('').replace('x86_64', '$basearch'), 2, 'retrace_architectures is needed'],
    [
      section('').replace('x86_64', '$releasever').replace('fedora-40', 'opensuse-tumbleweed'),
      2,
      'retrace_releasever is needed',
    ],
    [section('retrace_vars=stream'), 5, 'retrace_vars is NAME=VALUE'],
    [
      section('').replace('x86_64', '$stream'),
      2,
      '$stream is not known here: say its value, like retrace_vars=stream=VALUE',
    ],
    [section('').replace('http:', 'ftp:'), 2, 'ftp:// is not supported'],
    [section('').replace('example.org', 'me:secret@example.org'), 2, 'would be sent in clear text'],
    [section('').replace('file:///k', 'https://me:secret@other.example/k'), 3, 'to the first address alone'],
    [
      section('').replace('http://example.org', 'https://me:secret@example.org/ https://me:other@example.org'),
      2,
      'one user and password',
    ],
  ])('refuses %j, with file and line', (text, line, message) => {
    expect(complaintOf(text)).toContain(`test.repo:${line}: `)
    expect(complaintOf(text)).toContain(message)
  })
})
