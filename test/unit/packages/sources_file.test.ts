import { describe, expect, it } from 'vitest'
import { readSources } from '../../../src/packages/deb/sources_file.ts'

const STANZA = 'Types: deb\nURIs: http://archive.example/debian\nSuites: bookworm bookworm-updates\nComponents: main\n'

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
      'X-Retrace-Release: debian-12\nX-Retrace-Fetch: full\nX-Retrace-Superseded: one-week\nCheck-Valid-Until: no\nBy-Hash: force\n'
    const { repositories } = readSources('a.sources', text)
    expect(repositories).toHaveLength(2)
    expect(repositories[0]).toMatchObject({
      architectures: ['arm64', 'i386'],
      release: 'debian-12',
      fetch: 'full',
      superseded: 'one-week',
      checkValidUntil: false,
      byHash: 'force',
    })
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
      '/etc/a.sources:6: trusted has no effect: signatures and SHA256 are always checked',
    ])
  })

  it.each([
    ['URIs: http://archive.example/debian\n', 'a.sources:1: The stanza has no URIs'],
    ['Suites: bookworm bookworm-updates\n', 'a.sources:1: The stanza has no Suites'],
    ['Components: main\n', 'a.sources:3: The suite bookworm needs Components'],
  ])('says what is missing without %j, with file and line', (line, message) => {
    expect(() => readSources('a.sources', STANZA.replace(line, ''))).toThrow(message)
  })

  it.each([
    ['Enabled: perhaps\n', 'a:5: enabled is yes or no, not perhaps'],
    ['X-Retrace-Fetch: some\n', 'a:5: x-retrace-fetch is on-demand or full, not some'],
    ['X-Retrace-Release: debian-12-amd64\n', 'a:5: X-Retrace-Release has no architecture'],
    ['Architectures: vax\n', 'a:5: vax is none of'],
    ['Signed-By: keys.gpg\n', 'a:5: Signed-By is an absolute path'],
    ['Suites: trixie\n', 'a:5: the field Suites is there twice'],
    ['nonsense\n', 'a:5: a line is no field'],
  ])('refuses %j', (line, message) => {
    expect(() => readSources('a', STANZA + line)).toThrow(message)
  })

  it('refuses a scheme that it cannot fetch', () => {
    expect(() => readSources('a', STANZA.replace('http:', 'ftp:'))).toThrow('ftp:// is not supported')
  })
})
