import { describe, expect, it } from 'vitest'
import { adviceOnList } from '../../../src/packages/deb/one_line.ts'
import { limitsOf } from '../../../src/packages/deb/options.ts'
import { readSources } from '../../../src/packages/deb/sources_file.ts'

const STANZA = 'Types: deb\nURIs: http://archive.example/debian\nSuites: bookworm bookworm-updates\nComponents: main\n'

/** What is wrong with the stanzas of a file. */
function faultsOf(text: string): string[] {
  return readSources('a', text).faults
}

describe('readSources()', () => {
  it('makes one repository of each address and suite', () => {
    const { repositories, warnings } = readSources('a.sources', `# a comment\n${STANZA}`)
    expect(repositories.map(({ uri, suite }) => `${uri} ${suite}`)).toEqual([
      'http://archive.example/debian/ bookworm',
      'http://archive.example/debian/ bookworm-updates',
    ])
    expect(repositories[0]).toMatchObject({
      components: ['main'],
      architectures: ['amd64'],
      fetch: 'on-demand',
      superseded: 'keep',
    })
    expect(warnings).toEqual([])
  })

  it('reads several stanzas, our own keys, and leaves out what is not enabled or source only', () => {
    const text =
      `${STANZA}Enabled: no\n\n${STANZA.replace('deb\n', 'deb-src\n')}\n${STANZA}Architectures: arm64 i386\n` +
      'X-Retrace-Release: debian-12\nX-Retrace-Fetch: full\nX-Retrace-Superseded: one-week\n' +
      'X-Retrace-Source-URL: https://s.example/{source}/{file}#L{line}\nCheck-Valid-Until: no\nBy-Hash: force\n'
    const { repositories } = readSources('a.sources', text)
    expect(repositories).toHaveLength(2)
    expect(repositories[0]).toMatchObject({
      architectures: ['arm64', 'i386'],
      release: 'debian-12',
      fetch: 'full',
      superseded: 'one-week',
      sourceUrl: 'https://s.example/{source}/{file}#L{line}',
      checkValidUntil: false,
      byHash: 'force',
    })
  })

  it('refuses an address of sources that is none', () => {
    const { faults } = readSources('a.sources', `${STANZA}X-Retrace-Source-URL: s.example/{file}\n`)
    expect(faults).toEqual([expect.stringMatching(/a\.sources:\d+: X-Retrace-Source-URL is an address/)])
  })

  it('reads a key that stands in the file, paths and fingerprints', () => {
    const key =
      'Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQINBF==\n -----END PGP PUBLIC KEY BLOCK-----\n'
    expect(readSources('a', STANZA + key).repositories[0]?.signedBy.inline[0]).toBe(
      '-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQINBF==\n-----END PGP PUBLIC KEY BLOCK-----',
    )
    const fingerprint = 'a'.repeat(40)
    expect(readSources('a', `${STANZA}Signed-By: /a.gpg ${fingerprint}!\n`).repositories[0]?.signedBy).toEqual({
      files: ['/a.gpg'],
      inline: [],
      fingerprints: [`${fingerprint.toUpperCase()}!`],
    })
  })

  it('names keys that it does not know, and says that signatures cannot be switched off', () => {
    const { warnings } = readSources('/etc/a.sources', `${STANZA}Colour: red\nTrusted: yes\nLanguages: none\n`)
    expect(warnings).toEqual([
      '/etc/a.sources:5: the key colour is not known and has no effect',
      '/etc/a.sources:6: trusted has no effect: signatures and checksums (SHA256, SHA512) are always checked',
    ])
  })

  it.each([
    ['URIs: http://archive.example/debian\n', 'a.sources:1: The stanza has no URIs'],
    ['Suites: bookworm bookworm-updates\n', 'a.sources:1: The stanza has no Suites'],
    ['Components: main\n', 'a.sources:3: The suite bookworm needs Components'],
  ])('says what is missing without %j, with file and line', (line, message) => {
    expect(readSources('a.sources', STANZA.replace(line, '')).faults).toEqual([expect.stringContaining(message)])
  })

  it.each([
    ['Enabled: perhaps\n', 'a:5: enabled is yes or no, not perhaps'],
    ['X-Retrace-Fetch: some\n', 'a:5: x-retrace-fetch is on-demand or full, not some'],
    ['X-Retrace-Release: debian-12-amd64\n', 'a:5: X-Retrace-Release has no architecture'],
    ['Architectures: vax\n', 'a:5: vax is none of'],
    ['Signed-By: keys.gpg\n', 'a:5: Signed-By is an absolute path'],
    ['nonsense\n', 'a:5: a line is no field'],
  ])('refuses %j', (line, message) => {
    expect(faultsOf(STANZA + line)).toEqual([expect.stringContaining(message)])
  })

  it('takes the last of two fields, and says so', () => {
    const { repositories, warnings } = readSources('a', `${STANZA}Suites: trixie\n`)
    expect(repositories.map(({ suite }) => suite)).toEqual(['trixie'])
    expect(warnings).toEqual([expect.stringContaining('a:5: the field Suites is there twice')])
  })

  it('passes over fields of other programs, but not what looks like one of its own', () => {
    const { warnings } = readSources('a', `${STANZA}X-Repolib-Default-Mirror: http://x/\nX-Retrace-Relese: x\n`)
    expect(warnings).toEqual([expect.stringContaining('x-retrace-relese is not known')])
  })

  it('refuses a scheme that it cannot fetch', () => {
    expect(faultsOf(STANZA.replace('http:', 'ftp:'))).toEqual([expect.stringContaining('ftp:// is not supported')])
    expect(faultsOf(STANZA.replace(/http:\S*/, 'mirror+ftp://a.example/list'))).toEqual([
      expect.stringContaining('ftp:// is not supported'),
    ])
  })

  it('leaves out the stanza that it cannot read, and keeps the others', () => {
    const { repositories, faults } = readSources('a', `${STANZA}\n${STANZA.replace('main', 'ma!n')}\n${STANZA}`)
    expect(repositories).toHaveLength(4)
    expect(faults).toEqual(['a:9: ma!n is no component'])
  })

  it('passes over architectures that are not known here while another is left, and says what Debian calls one', () => {
    const { repositories, warnings } = readSources('a', `${STANZA}Architectures: amd64 armel x86_64\n`)
    expect(repositories[0]?.architectures).toEqual(['amd64'])
    expect(warnings).toEqual([
      "a:5: armel, x86_64 (in Debian's words amd64) are none of Debian's names known here, and passed over",
    ])
    expect(faultsOf(`${STANZA}Architectures: aarch64\n`)).toEqual([
      "a:5: aarch64 (in Debian's words arm64) is none of Debian's names known here",
    ])
  })

  it('writes the architecture for $(ARCH), in suites and in addresses', () => {
    const text = 'Types: deb\nURIs: http://archive.example/$(ARCH)\nSuites: $(ARCH)/ ./\nArchitectures: amd64 arm64\n'
    const { repositories } = readSources('a', text)
    expect(repositories.map(({ uri, suite, architectures }) => `${uri} ${suite} ${architectures}`)).toEqual([
      'http://archive.example/amd64/ amd64/ amd64',
      'http://archive.example/arm64/ arm64/ arm64',
      'http://archive.example/amd64/ ./ amd64',
      'http://archive.example/arm64/ ./ arm64',
    ])
  })

  it('reads what apt says of dates, and where InRelease is', () => {
    const text =
      'Check-Date: no\nDate-Max-Future: 60\nValid-Until-Min: 0\nValid-Until-Max: 86400\nInRelease-Path: ./x/In\n'
    const { repositories, warnings } = readSources('a', STANZA + text)
    expect(warnings).toEqual([])
    expect(repositories[0]?.own).toEqual({
      checkDate: false,
      dateMaxFuture: 60,
      validUntilMin: undefined,
      validUntilMax: 86_400,
      inReleasePath: 'x/In',
      isMirrorList: false,
    })
    expect(faultsOf(`${STANZA}Date-Max-Future: soon\nInRelease-Path: ../x\n`)).toEqual([
      'a:5: date-max-future is a number of seconds, not soon',
    ])
  })

  it('reads lines that end in CR LF, and past a byte order mark', () => {
    const { repositories } = readSources('a', `\ufeff${STANZA}\n${STANZA}`.replaceAll('\n', '\r\n'))
    expect(repositories).toHaveLength(4)
    expect(repositories[0]?.components).toEqual(['main'])
  })

  it('says how a line of the one-line style is written as a stanza', () => {
    const line = 'deb [arch=amd64,arm64 signed-by=/a.gpg] http://archive.example/debian bookworm main contrib # ours'
    expect(faultsOf(`${line}\n`)).toEqual([
      "a:1: apt's one-line style is not read here; write it into a .sources file as:\nTypes: deb\n" +
      'URIs: http://archive.example/debian\nSuites: bookworm\nComponents: main contrib\nArchitectures: amd64 arm64\n' +
      'Signed-By: /a.gpg',
    ])
  })
})

describe('adviceOnList()', () => {
  it('names each line of a .list file, and the file where it has none', () => {
    expect(adviceOnList('x.list', '# deb http://a b c\n\ndeb http://a/ ./\ndeb-src http://a b c\n')).toEqual([
      "x.list:3: apt's one-line style is not read here; write it into a .sources file as:\nTypes: deb\nURIs: http://a/\n" +
      'Suites: ./',
      "x.list:4: apt's one-line style is not read here; write it into a .sources file as:\nTypes: deb-src\nURIs: http://a\n" +
      'Suites: b\nComponents: c',
    ])
    expect(adviceOnList('x.list', '# nothing\n')).toEqual([expect.stringContaining('x.list is not read')])
  })
})

describe('limitsOf()', () => {
  const date = 1000
  it.each([
    [{}, 2000, { validUntil: 2000, maxAheadS: 86_400 }],
    [{ checkDate: false }, 2000, { validUntil: undefined, maxAheadS: Infinity }],
    [{ dateMaxFuture: 5 }, undefined, { validUntil: undefined, maxAheadS: 5 }],
    [{ validUntilMin: 3000 }, 2000, { validUntil: 4000, maxAheadS: 86_400 }],
    [{ validUntilMin: 3000 }, undefined, { validUntil: undefined, maxAheadS: 86_400 }],
    [{ validUntilMax: 500 }, 2000, { validUntil: 1500, maxAheadS: 86_400 }],
    [{ validUntilMax: 500 }, undefined, { validUntil: 1500, maxAheadS: 86_400 }],
  ])('makes of %j and a Valid-Until of %s what apt does', (options, validUntil, limits) => {
    expect(limitsOf(options, { date, validUntil })).toEqual(limits)
  })
})
